"""Image-to-image translation: training in a few seconds, and evaluation."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import aigc_tf
from aigc_tf.metrics.images.translation import affordable, nearest, recognised
from aigc_tf.recipes.cyclegan import CycleGAN
from aigc_tf.recipes.photos import PhotoSettings
from aigc_tf.recipes.pix2pix import Pix2Pix
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings

QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)


def test_pix2pix_learns_the_negative(tmp_path: Path):
    """Bright discs on dark become dark discs on bright: better than copying and than any training picture."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16]
    discs = [np.hypot(rows - r, columns - c) < s for r, c, s in random.uniform((3, 3, 2), (13, 13, 6), (120, 3))]
    pictures = np.where(np.stack(discs), 200, random.integers(0, 80, (120, 1, 1))).astype(np.uint8)[..., np.newaxis]
    recipe = dataclasses.replace(
        Pix2Pix.tiny(),
        unet_filters=(8, 16),
        batch_size=8,
        steps=500,
        average_images=500,
        generator_optimizer=AdamSettings(learning_rate=3e-3, beta_1=0.5),
        logging=QUIET,
    )
    run = aigc_tf.train(recipe, tmp_path / "run", data=(pictures, 255 - pictures))
    made = run.transform(pictures[:20])
    error = np.abs(made - (255 - pictures[:20]) / 255).mean()
    copying = np.abs(pictures[:20] / 255 - (255 - pictures[:20]) / 255).mean()
    assert error < 0.07 < copying / 5


def test_a_step_of_cyclegan_moves_every_network():
    recipe = CycleGAN.tiny()
    model = aigc_tf.create(recipe)
    networks = (model.generator, model.back, model.discriminator, model.discriminator_a, model.used)
    before = [[weight.numpy() for weight in network.weights] for network in networks]
    random = np.random.default_rng(0)
    for _ in range(5):  # last convolutions of the network and its blocks are initialised to zero
        batch = {name: random.uniform(-1, 1, (4, 16, 16, 1)).astype(np.float32) for name in ("image", "target")}
        logs = model.train_step(batch)
    assert all(np.isfinite(value) for value in logs.values())
    for network, old in zip(networks, before, strict=True):
        moved = [not np.array_equal(weight, now) for weight, now in zip(old, network.weights, strict=True)]
        assert np.mean(moved) > 0.9, network.name


def test_recognition_in_closed_form():
    truth = np.random.default_rng(0).random((10, 4, 4, 1), np.float32)
    assert recognised(truth + 0.01, truth).all()
    assert not recognised(truth[::-1], truth).any()
    np.testing.assert_array_equal(nearest(truth[[3, 7]], truth), [3, 7])
    twins = np.concatenate([truth[:1], truth])
    assert recognised(twins, twins).all()


def test_large_crops_are_measured_within_memory():
    source = SimpleNamespace(settings=PhotoSettings(crop=512))
    count = affordable(source)
    assert 0 < count * 2 * 3 * 512**2 * 4 <= 2**29
    assert affordable(SimpleNamespace(settings=PhotoSettings(crop=64))) > 5000


def test_settings_that_cannot_be():
    with pytest.raises(ValueError, match="divisible by 16"):
        Pix2Pix(photos=PhotoSettings(crop=40))
    with pytest.raises(ValueError, match=r"photos\.test"):
        CycleGAN(photos=PhotoSettings(test="somewhere"))
    with pytest.raises(ValueError, match=r"replayed is 50: at least batch_size \(64\)"):
        CycleGAN(batch_size=64)
