"""The contract's check for hidden state detects all its forms: otherwise that test could not fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.recipes.vae import VAE
from tests.hidden import changed_outside_the_state


class Hidden:
    """An object that Keras does not track."""

    def __init__(self, **kept: object) -> None:
        self.kept = kept


def count_in_place(model: Any) -> None:
    model.hidden.kept["count"] += np.ones(3)


def bind_another_array(model: Any) -> None:
    model.hidden.kept["count"] = model.hidden.kept["count"] + 1


def count_in_python(model: Any) -> None:
    model.hidden.steps = getattr(model.hidden, "steps", 0) + 1


def assign_a_variable(model: Any) -> None:
    model.hidden.kept["variable"].assign_add(1.0)


def remember_one_more(model: Any) -> None:
    model.hidden.kept["losses"].append(0.5)


@pytest.mark.parametrize(
    ("hide", "found"),
    [
        (count_in_place, "model.hidden.kept['count']"),
        (bind_another_array, "model.hidden.kept['count']"),
        (count_in_python, "model.hidden.steps"),
        (assign_a_variable, "model.hidden.kept['variable']"),
        (remember_one_more, "model.hidden.kept['losses'][1]"),
    ],
)
def test_what_a_step_hides_is_found(hide: Callable[[Any], None], found: str):
    recipe = VAE.tiny()
    model: Any = aigc_tf.create(recipe)

    class Hiding(type(model)):  # type: ignore[misc]
        def train_step(self, batch: object) -> object:
            hide(self)
            return super().train_step(batch)

    model.__class__ = Hiding
    model.hidden = Hidden(count=np.zeros(3), variable=tf.Variable(0.0), losses=[])
    images = np.zeros((recipe.batch_size, recipe.images.height, recipe.images.width, recipe.images.channels), "float32")
    assert changed_outside_the_state(model, {"image": images}) == [found]
