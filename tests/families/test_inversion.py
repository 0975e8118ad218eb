"""Latent inversion: a latent is recovered from its picture."""

from __future__ import annotations

import numpy as np
import pytest

import aigc_tf
from aigc_tf.families.inversion import invert
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.vae import VAE


@pytest.mark.parametrize("recipe", [DCGAN.tiny(), VAE.tiny()], ids=["dcgan", "vae"])
def test_a_drawn_picture_is_made_again(recipe) -> None:
    model = aigc_tf.create(recipe)
    if isinstance(recipe, DCGAN):  # untrained samples have almost no contrast: larger weights make them differ
        for weight in model.sampler.weights:
            if weight.name == "kernel":
                weight.assign(3 * weight)
    wanted = model.generate(3, seed=8)
    near, start = (model.decode(invert(model, wanted, steps)) for steps in (150, 0))
    error, before = (float(np.square(made - wanted).mean()) for made in (near, start))
    assert error < 0.5 * before
    np.testing.assert_array_equal(invert(model, wanted, 2), invert(model, wanted, 2))


def test_the_prior_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a picture that it cannot generate, the latent stays within the prior."""
    model = aigc_tf.create(DCGAN.tiny())
    latent = invert(model, np.ones((1, 16, 16, 1), np.float32), 100)
    assert np.abs(latent).max() < 5
