"""Degradations of photographs in closed form, enlargement, and masks."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aigc_tf.families.restoration.degradations import Blur, Degradation, Greying, Holes, Noise, Shrinking, SkippedRows
from aigc_tf.families.restoration.model import decibels
from aigc_tf.nn.enlargement import Bicubic
from aigc_tf.nn.holes import free_form_holes, regular_holes
from aigc_tf.recipes.colourise import Colourise
from aigc_tf.recipes.deblur import Deblur
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.finer_slices import FinerSlices
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.upscale import Upscale

RANDOM = np.random.default_rng(0)
CLEAN = tf.constant(RANDOM.random((3, 48, 60, 3)), tf.float32)
GREY = tf.fill((8, 64, 64, 1), 0.5)
ALL = [
    Noise(Denoise()),
    Noise(Denoise(noise="salt_and_pepper", strength=(5.0, 50.0))),
    Noise(Denoise(noise="jpeg", strength=(5.0, 60.0))),
    Shrinking(Upscale()),
    Holes(Inpaint()),
    Blur(Deblur()),
    Greying(Colourise()),
    SkippedRows(FinerSlices(every=3)),
]


@pytest.mark.parametrize("degradation", ALL, ids=lambda one: f"{type(one).__name__}-{getattr(one.recipe, 'noise', '')}")
def test_the_same_for_the_same_seed_and_as_the_baseline_takes_it(degradation: Degradation):
    first, again, other = (degradation.degrade(CLEAN, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    draws = not isinstance(degradation, Shrinking | Greying | SkippedRows)
    assert draws == any(not np.array_equal(first[name], other[name]) for name in first)
    simple = np.asarray(degradation.simple({name: np.asarray(value) for name, value in first.items()}))
    assert simple.shape == CLEAN.shape
    generator = keras.random.SeedGenerator(0)
    drawn = [degradation.degrade(CLEAN, generator) for _ in range(2)]
    assert draws == any(not np.array_equal(drawn[0][name], drawn[1][name]) for name in first)


def test_noise_is_as_strong_as_it_says():
    made = Noise(Denoise()).degrade(GREY, 0, 25.0)
    assert np.std(made["image"] - GREY) * 255 == pytest.approx(25, rel=0.02)
    assert (np.asarray(made["sigma"]) == 25).all()
    drawn = Noise(Denoise()).degrade(GREY, 0)
    stronger = np.std(drawn["image"] - GREY, axis=(1, 2, 3)) * 255
    np.testing.assert_allclose(stronger, np.asarray(drawn["sigma"])[:, 0], rtol=0.1)
    assert np.ptp(drawn["sigma"]) > 10


def test_salt_and_pepper_takes_its_share():
    recipe = Denoise(noise="salt_and_pepper", strength=(10.0, 50.0))
    made = np.asarray(Noise(recipe).degrade(GREY, 0, 30.0)["image"])
    assert np.mean(made == 0) == pytest.approx(0.15, abs=0.01) == np.mean(made == 1)


def test_jpeg_is_worse_at_lower_quality():
    recipe = Denoise(noise="jpeg", strength=(5.0, 60.0))
    smooth = tf.image.resize(CLEAN[:, :6, :8], (48, 64))
    errors = [np.abs(Noise(recipe).degrade(smooth, 0, quality)["image"] - smooth).mean() for quality in (5.0, 90.0)]
    assert errors[0] > 3 * errors[1] > 0


def test_blur_keeps_what_is_even_and_has_the_variance_of_its_kernel():
    degradation = Blur(Deblur())
    degradation.noise = 0.0
    np.testing.assert_allclose(degradation.degrade(GREY, 0)["image"], GREY, atol=1e-5)
    point = np.zeros((1, 41, 41, 1), np.float32)
    point[0, 20, 20] = 1
    for deviation in (1.0, 2.0):
        spread = np.asarray(degradation.degrade(tf.constant(point), 0, deviation)["image"])[0, ..., 0]
        rows = np.arange(41) - 20
        assert spread.sum() == pytest.approx(1, abs=1e-3)
        assert (spread.sum(axis=1) * rows**2).sum() == pytest.approx(deviation**2, rel=0.05)


def test_shrinking_is_pillows_bicubic():
    image = np.asarray(CLEAN[0])
    for channel in range(3):
        plane = Image.fromarray(image[..., channel])
        expected = np.asarray(plane.resize((30, 24), Image.Resampling.BICUBIC))
        made = np.asarray(Shrinking(Upscale()).degrade(CLEAN, 0)["image"])[0, ..., channel]
        np.testing.assert_allclose(made, expected.clip(0, 1), atol=0.5 / 255 + 1e-4)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlargement_by_a_convolution_is_bicubic(scale: int):
    expected = tf.image.resize(CLEAN, (48 * scale, 60 * scale), "bicubic")
    made = Bicubic(scale)(CLEAN)
    inner = slice(3 * scale, -3 * scale)  # and TensorFlow rounds its weights to 1/1024
    np.testing.assert_allclose(
        made[:, inner, inner], expected[:, inner, inner], atol=1e-3
    )  # TensorFlow rounds weights to 1/1024


def test_holes():
    mask = np.asarray(free_form_holes(tf.constant(64), 48, 60, 0))
    assert mask.shape == (64, 48, 60, 1) and set(np.unique(mask)) == {0, 1}
    shares = mask.mean(axis=(1, 2, 3))
    assert shares.min() > 0 and shares.max() < 0.95 and np.ptp(shares) > 0.2
    assert regular_holes(64, 64, 24).sum() == 24**2
    assert regular_holes(64, 64, 24)[20:44, 20:44].all()
    assert regular_holes(130, 200, 24).sum() == 2 * 3 * 24**2
    assert 0 < regular_holes(9, 30, 24).mean() < 0.5
    inputs = {name: np.asarray(value) for name, value in Holes(Inpaint()).degrade(CLEAN, 0).items()}
    missing = inputs["mask"][..., 0] > 0
    assert (inputs["image"][missing] == 0).all()
    np.testing.assert_array_equal(inputs["image"][~missing], np.asarray(CLEAN)[~missing])
    np.testing.assert_array_equal(Holes(Inpaint()).counted(inputs), missing)
    filled = Holes(Inpaint()).simple(inputs)[0]
    mean = np.asarray(CLEAN)[0][~missing[0]].mean(axis=0)
    np.testing.assert_allclose(filled[missing[0]], np.tile(mean, (missing[0].sum(), 1)), rtol=1e-4)


def test_grey_is_pillows():
    colours = RANDOM.integers(0, 256, (48, 60, 3), np.uint8)
    expected = np.asarray(Image.fromarray(colours).convert("L"))
    made = Greying(Colourise()).degrade(tf.constant(colours[np.newaxis] / 255, tf.float32), 0)["image"]
    np.testing.assert_allclose(np.asarray(made)[0, ..., 0] * 255, expected, atol=1)


def test_recipes_refuse_what_cannot_be():
    for make in (
        lambda: Upscale(scale=3, photos=dataclasses.replace(Upscale().photos, crop=64)),
        lambda: Inpaint(photos=dataclasses.replace(Inpaint().photos, crop=60)),
        lambda: Colourise(photos=dataclasses.replace(Colourise().photos, channels=1)),
        lambda: Denoise(strength=(5.0, 1.0)),
        lambda: Denoise(noise="jpeg"),
        lambda: Denoise(noise="jpeg", strength=(20.0, 101.0)),
        lambda: Denoise(strength=(0.0, 300.0)),
        lambda: Denoise(photos=dataclasses.replace(Denoise().photos, group="(")),
    ):
        with pytest.raises(ValueError, match=r"photos\.|strength"):
            make()
    with pytest.raises(ValueError, match=r"between 1 and 100, the lower one first, such as 10 60"):
        Denoise(noise="jpeg")


def test_equal_pictures_have_a_finite_psnr():
    assert float(decibels(CLEAN, CLEAN)) == 120
    assert float(decibels(CLEAN, CLEAN + 0.1)) == pytest.approx(20, abs=1e-3)


def test_rows_between_those_that_are_kept_are_interpolated():
    rows = tf.reshape(tf.square(tf.range(8.0)), (1, 8, 1, 1)) / 49
    made = SkippedRows(FinerSlices(every=3)).degrade(rows, 0)["image"]
    np.testing.assert_allclose(made[0, :, 0, 0] * 49, [0, 3, 6, 9, 18, 27, 36, 36], rtol=1e-5)
