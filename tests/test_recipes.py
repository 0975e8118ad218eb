"""Recipes: validation, JSON round trips, comparison by field."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

import aigc_tf
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.registry import recipe_class, recipe_classes
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.references import resolve


@pytest.mark.parametrize("recipe", recipe_classes().values())
def test_every_recipe_reads_back_what_it_prints(recipe: type[Recipe]):
    original = recipe()
    written = json.loads(original.to_json())
    assert recipe_class(written["recipe"]).from_fields(written["fields"]) == original


@pytest.mark.parametrize("recipe", recipe_classes().values())
def test_every_recipe_names_code_that_is_there(recipe: type[Recipe]):
    single = (recipe.model, recipe.data, recipe.chooses, recipe.export_quality, recipe.watch)
    for reference in (*single, *recipe.evaluators, *recipe.assets.values(), *recipe.networks.values()):
        assert callable(resolve(reference))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"stepz": 3}, r"there is no field stepz: did you mean steps\?"),
        ({"steps": -3}, "steps is -3: Input should be greater than 0"),
        ({"steps": True}, "steps is True: Input should be a valid integer"),
        ({"steps": "3"}, "steps is '3'"),
        ({"images": {"height": 27}}, "27x28: .*divisible by 4"),
        ({"images": {"channels": 2}}, "channels is 2"),
        ({"generator_optimizer": {"learning_rate": math.nan}}, "generator_optimizer.learning_rate is nan"),
        ({"generator_filters": [1, 2]}, "generator_filters.2"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"average_images": 0}, "average_images is 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(fields: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        DCGAN.from_fields(fields)


def bounds(schema: object) -> set[tuple[str, object]]:
    """Numeric bounds in a part of a JSON schema, including those of items and alternatives."""
    if isinstance(schema, list):
        return set().union(*map(bounds, schema))
    if not isinstance(schema, dict):
        return set()
    own = {(name, schema[name]) for name in schema if "imum" in name}  # minimum, exclusiveMaximum
    return own.union(*(bounds(schema[name]) for name in ("items", "prefixItems", "anyOf") if name in schema))


def test_a_field_has_the_same_bounds_in_all_recipes():
    """A field overridden with another default could silently lose them."""
    found: dict[str, dict[str, set[tuple[str, object]]]] = {}
    for slug, recipe in recipe_classes().items():
        for name, schema in TypeAdapter(recipe).json_schema()["properties"].items():
            found.setdefault(name, {})[slug] = bounds(schema)
    assert found["dropout"]["text_vae"] == {("minimum", 0), ("exclusiveMaximum", 1)}
    for slug in found["batch_size"]:  # expected batches are large
        if slug.startswith("dp_"):
            found["batch_size"][slug] = {("exclusiveMinimum", 0)}
    for name, by_recipe in found.items():
        assert len(set(map(frozenset, by_recipe.values()))) == 1, (name, by_recipe)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([field.name for field in dataclasses.fields(DCGAN)]), json_values, max_size=3))
def test_any_json_is_a_recipe_or_a_clear_error(fields: dict[str, object]):
    try:
        recipe = DCGAN.from_fields(fields)
    except ValueError as error:
        assert "\n" not in str(error) or any("\n" in str(value) for value in fields.values())
        assert str(error).startswith("DCGAN: ")
    else:
        assert recipe.steps > 0 and recipe.images.height % 4 == 0


def test_fields_are_listed_by_their_dotted_names():
    flat = flatten(DCGAN(images=ImageSettings(height=32), generator_optimizer=AdamSettings(learning_rate=0.5)))
    assert flat["images.height"] == 32
    assert flat["generator_optimizer.learning_rate"] == 0.5


def test_recipes_by_class_name():
    assert aigc_tf.recipes.DCGAN is DCGAN
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = aigc_tf.recipes.Nonsense


@pytest.mark.parametrize(
    "reference", ["os", "os.path", "os:system()", ":x", "a b:c", "no_such_module:x", "json:nothing"]
)
def test_references_that_lead_nowhere_are_refused(reference: str):
    with pytest.raises(ValueError, match="module"):
        resolve(reference)


def test_only_recipes_are_recipes():
    with pytest.raises(ValueError, match="not a recipe class"):
        recipe_class("os:system")
