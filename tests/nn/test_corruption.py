"""Corruptions: strengths, references, and reproducibility from an integer seed."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.ndimage import gaussian_filter

from aigc_tf.nn.corruption import blur, corrupt, jpeg, salt_and_pepper
from aigc_tf.recipes.autoencoders import CorruptionSettings

GREY = np.full((50, 32, 32, 3), 0.5, "float32")
PICTURES = np.random.default_rng(0).random((3, 16, 20, 3), np.float32)
EVERYTHING = CorruptionSettings(blur_pixels=0.7, gaussian=0.1, salt_and_pepper=0.1, masking=0.1, jpeg_quality=50)
RANDOM_KINDS = [
    CorruptionSettings(gaussian=0.1),
    CorruptionSettings(salt_and_pepper=0.3),
    CorruptionSettings(masking=0.3),
    EVERYTHING,
]


def test_gaussian_noise_has_its_deviation_in_every_channel():
    noise = corrupt(GREY, CorruptionSettings(gaussian=0.1), 3).numpy() - GREY
    assert noise.mean() == pytest.approx(0, abs=2e-3)
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    correlations = np.corrcoef(noise.reshape(-1, 3).T)
    np.testing.assert_allclose(correlations, np.eye(3), atol=0.02)


def test_salt_and_pepper_are_equal_shares_of_whole_pixels():
    image = corrupt(GREY, CorruptionSettings(salt_and_pepper=0.3), 0).numpy()
    assert (image == image[..., :1]).all()
    assert np.mean(image == 0) == pytest.approx(0.15, abs=0.01)
    assert np.mean(image == 1) == pytest.approx(0.15, abs=0.01)
    assert np.mean(image == 0.5) == pytest.approx(0.7, abs=0.01)
    assert (np.asarray(salt_and_pepper(GREY, 1.0, 0)) != 0.5).all()


def test_masking_blackens_its_share_of_whole_pixels():
    image = corrupt(GREY, CorruptionSettings(masking=0.25), 0).numpy()
    assert (image == image[..., :1]).all()
    assert np.mean(image == 0) == pytest.approx(0.25, abs=0.01)
    assert np.mean(image == 0.5) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("deviation", [0.4, 1.0, 2.5])
def test_blur_is_scipys(deviation: float):
    reach = int(np.ceil(3 * deviation))
    expected = gaussian_filter(
        PICTURES.astype("float64"), (0, deviation, deviation, 0), mode="nearest", radius=(0, reach, reach, 0)
    )
    np.testing.assert_allclose(blur(PICTURES, deviation), expected, atol=1e-6)
    np.testing.assert_allclose(blur(GREY, deviation), GREY, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_loses_little_or_much(channels: int):
    smooth = np.array(blur(np.random.default_rng(1).random((2, 32, 32, channels), np.float32), 2.0))
    fine, coarse = (np.abs(np.asarray(jpeg(smooth, quality)) - smooth).mean() for quality in (100, 5))
    assert fine < 0.01 and coarse > 4 * fine


def test_jpeg_is_that_of_other_programs():
    level = np.round(np.array(blur(PICTURES[:1, :16, :16, :1], 1.0))[0, ..., 0] * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(level).save(file, "JPEG", quality=30)
    expected = np.asarray(Image.open(file)).astype(int)
    found = np.round(np.asarray(jpeg(level[None, ..., None].astype("float32") / 255, 30))[0, ..., 0] * 255)
    assert np.abs(found - expected).max() <= 4 and np.abs(expected - level).max() > 8


def test_nothing_is_on_by_default():
    assert not CorruptionSettings().is_on
    np.testing.assert_array_equal(corrupt(PICTURES, CorruptionSettings(), 0), PICTURES)
    assert all(settings.is_on for settings in RANDOM_KINDS)


@pytest.mark.parametrize("settings", RANDOM_KINDS)
def test_an_integer_is_one_corruption(settings: CorruptionSettings):
    first = corrupt(PICTURES, settings, 7).numpy()
    assert first.shape == PICTURES.shape and first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(corrupt(PICTURES, settings, 7), first)
    assert np.mean(corrupt(PICTURES, settings, 8).numpy() == first) < 0.9
    assert np.mean(first[0] == first[1]) < 0.9  # independent noise per image


@pytest.mark.parametrize("settings", RANDOM_KINDS)
def test_a_generator_goes_on(settings: CorruptionSettings):
    draws, same = keras.random.SeedGenerator(3), keras.random.SeedGenerator(3)
    first, second = (corrupt(PICTURES, settings, draws).numpy() for _ in range(2))
    assert np.mean(first == second) < 0.9
    np.testing.assert_array_equal(corrupt(PICTURES, settings, same), first)


def test_it_is_the_same_in_a_function_and_in_a_data_set():
    """Repeated calls are equal, too: there is no state between calls."""
    eager = corrupt(PICTURES, EVERYTHING, 7).numpy()
    compiled = tf.function(lambda images: corrupt(images, EVERYTHING, 7))
    for _ in range(2):
        np.testing.assert_allclose(compiled(PICTURES), eager, atol=1e-6)
    data = tf.data.Dataset.from_tensors(PICTURES).repeat(2).map(lambda images: corrupt(images, EVERYTHING, 7))
    for images in data:
        np.testing.assert_allclose(images, eager, atol=1e-6)


@pytest.mark.parametrize("seed", [5, keras.random.SeedGenerator])
def test_two_kinds_are_not_made_of_the_same_numbers(seed: object):
    """Masking after salt and pepper affects its share of the remaining pixels, not all or none."""
    draws = seed if isinstance(seed, int) else seed(5)
    image = corrupt(GREY, CorruptionSettings(salt_and_pepper=0.5, masking=0.5), draws).numpy()
    assert np.mean(image == 0.5) == pytest.approx(0.25, abs=0.02)
    assert np.mean(image == 1) == pytest.approx(0.125, abs=0.02)
    assert np.mean(image == 0) == pytest.approx(0.625, abs=0.02)


def test_large_seeds_are_seeds():
    assert np.mean(corrupt(PICTURES, EVERYTHING, 2**31 - 1).numpy() == corrupt(PICTURES, EVERYTHING, 0).numpy()) < 0.9


def test_corrupted_images_stay_in_range_before_jpeg():
    white = np.ones((2, 16, 16, 1), "float32")
    assert corrupt(white, CorruptionSettings(gaussian=0.5), 0).numpy().max() == 1
    assert corrupt(0 * white, CorruptionSettings(gaussian=0.5), 0).numpy().min() == 0
