"""Private sources sample batches as the accountant assumes (tests/data/test_order.py tests the sampling)."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from aigc_tf.data.order import Poisson
from aigc_tf.engine.distribution import Workers
from aigc_tf.errors import InputError
from aigc_tf.privacy.poisson import open_source, promised
from aigc_tf.recipes.dp_gan import DPGAN
from aigc_tf.recipes.dp_gpt import DPGPT
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.private import PrivacySettings
from tests.sources import numbered

LOOSE = PrivacySettings(epsilon=8.0, delta=1e-4)


def test_each_example_that_is_trained_on_is_drawn_with_the_probability_that_is_accounted_for():
    recipe = dataclasses.replace(DPVAE.tiny(), privacy=LOOSE, batch_size=32)
    images = np.random.default_rng(0).integers(0, 256, (1000, 16, 16), np.uint8)
    source = open_source(recipe, images)
    guarantee = source.assets["guarantee"]
    assert guarantee.examples == source.count == len(source.train.images)
    assert source.poisson == Poisson(32 / source.count, 1) == Poisson(guarantee.sampling_rate, 1)
    if recipe.chosen_on == "validation":  # the guarantee does not cover the validation part
        assert source.count < 1000 - len(source.test.images)


def test_a_step_has_as_many_batches_as_noised_updates():
    recipe = dataclasses.replace(DPGAN.tiny(), privacy=LOOSE, batch_size=32)
    source = promised(numbered(200), recipe)
    assert recipe.updates_per_step == source.poisson.batches_in_step == source.assets["guarantee"].updates_per_step
    assert len(next(source.batches(32, 0).as_numpy_iterator())) == recipe.updates_per_step


def test_lines_of_batches_of_any_size_are_padded_to_one_length():
    recipe = dataclasses.replace(DPGPT.tiny(), privacy=LOOSE, batch_size=32)
    source = open_source(recipe, "\n".join(f"line {number}" for number in range(400)))
    assert source.assets["guarantee"].examples == source.train.documents
    assert set(source.assets) == {"vocabulary", "guarantee"} == set(recipe.assets)
    shapes = {batch["tokens"].shape for (batch,) in source.batches(32, 0).take(20).as_numpy_iterator()}
    assert len(shapes) > 5 and {time for _, time in shapes} == {recipe.text.length + 2}


def test_several_replicas_are_refused():
    recipe = dataclasses.replace(DPVAE.tiny(), batch_size=32)
    source = numbered(100, poisson=Poisson(0.32, 1))
    assert Workers(None, 1, 0).examples_in_step(source, recipe) == 32
    two = SimpleNamespace(num_replicas_in_sync=2)
    with pytest.raises(InputError, match="the batches of dp_vae vary in size: give --strategy one"):
        Workers(two, 1, 0).examples_in_step(source, recipe)
