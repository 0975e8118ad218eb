"""Tasks of models follow from their base classes, and conditions from their modalities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.families.tasks import (
    TASKS,
    Decodes,
    Draws,
    Encodes,
    Explains,
    Forecasts,
    Scores,
    Streams,
    Transforms,
    tasks_of,
)
from aigc_tf.modalities.base import Modality
from aigc_tf.modalities.labels import Labels
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve
from tests.families.test_state import made

RECIPES = recipe_classes()
AUTOENCODERS = [Draws, Transforms, Encodes, Scores]
ONLY_DRAW = ("cgan", "conv_gan", "dcgan", "dcgan64", "dp_gan", "lsgan", "mlp_gan", "wgan_gp")
WRITE = ("char_rnn", "gpt", "dp_gpt", "word_lstm")
ENCODE_TOO = ("autoencoder", "beta_vae", "conv_vae", "dp_vae", "vae", "denoising_autoencoder", "denoising_vae")
EXPECTED = (
    {slug: [Draws] for slug in ONLY_DRAW}
    | {slug: [Draws, Scores, Explains] for slug in WRITE}
    | dict.fromkeys(ENCODE_TOO, AUTOENCODERS)
)


@pytest.mark.parametrize("slug", RECIPES)
def test_every_recipe_has_a_model_with_tasks(slug: str):
    found = tasks_of(resolve(RECIPES[slug].model))
    assert found and found == [task for task in TASKS if task in found]
    assert found == EXPECTED.get(slug, found)


def test_models_of_series_forecast_or_encode():
    assert Forecasts in tasks_of(resolve(RECIPES["ar"].model))
    assert Encodes in tasks_of(resolve(RECIPES["vrae"].model))
    assert Scores in tasks_of(resolve(RECIPES["ganomaly"].model))
    assert {Draws, Encodes} <= set(tasks_of(resolve(RECIPES["text_vae"].model)))


@pytest.mark.parametrize("slug", ["cgan", "conv_vae", "ganomaly", "gpt", "text_vae", "ar", "vrae"])
def test_a_model_and_its_class_have_the_same_tasks_and_modalities_for_them(slug: str):
    model = made(RECIPES[slug].tiny())
    assert tasks_of(model) == tasks_of(type(model))
    for task in tasks_of(model):
        for role in {"gives", "takes"} & set(dir(task)):
            assert isinstance(getattr(model, role), Modality)
    assert model.condition is None or isinstance(model.condition, Modality)


@pytest.fixture(scope="module")
def conditional() -> Any:
    return made(CGAN.tiny())  # classes a, b and c


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("b", [1, 1, 1, 1]),
        (2, [2, 2, 2, 2]),
        (np.int64(0), [0, 0, 0, 0]),
        (["c"], [2, 2, 2, 2]),
        (["c", "a", "b", "b"], [2, 0, 1, 1]),
        (np.array([0, 2, 2, 1]), [0, 2, 2, 1]),
        (["c", 0, "1", 1], [2, 0, 1, 1]),
        (None, [0, 1, 2, 0]),
    ],
)
def test_one_condition_is_for_all_and_several_are_one_for_each(conditional: Any, given: Any, expected: list[int]):
    found = conditional.conditions(given, 4)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int32


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["a", "b"], ValueError, "2 classes were given for 4 examples: give one, or one for each"),
        ("d", InputError, "there is no class d: choose one of a, b, c"),
        (3, InputError, "there is no class number 3"),
        (["a", "b", "c", "A"], InputError, "there is no class A"),
    ],
)
def test_conditions_that_cannot_be_are_refused(conditional: Any, given: Any, error: type, message: str):
    with pytest.raises(error, match=message) as raised:
        conditional.conditions(given, 4)
    assert "\n" not in str(raised.value)


def test_a_model_without_conditions_takes_none():
    model = made(DCGAN.tiny())
    assert model.condition is None and model.conditions(None, 4) is None
    with pytest.raises(InputError, match="generates without a condition: leave it out"):
        model.generate(2, condition="a")


def test_every_task_has_a_verb_of_its_own():
    kinds = [*TASKS, Decodes, Streams]
    assert len({kind.verb for kind in kinds}) == len(kinds)


def test_classes_are_spread_in_turn_and_what_cannot_be_listed_is_asked_for():
    np.testing.assert_array_equal(Labels(ClassNames(("a", "b"))).spread(5), [0, 1, 0, 1, 0])
    with pytest.raises(InputError, match="needs a condition: give one of texts"):
        Text().values(None, 3)
    assert Text().values(["one"], 3) == ["one"] * 3
