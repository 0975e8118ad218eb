"""Augmentation: each operation as specified, seeded by position or sampled for each example."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import affine_transform

from aigc_tf.data.images.opening import open_source
from aigc_tf.data.images.source import ImageSource, to_unit
from aigc_tf.data.order import shuffled
from aigc_tf.errors import InputError
from aigc_tf.nn import augmentation
from aigc_tf.nn.augmentation import augment, augment_differentiably, numbers_at
from aigc_tf.recipes.augment import ClassicalAugmentation, DifferentiableAugmentation
from aigc_tf.recipes.dcgan import DCGAN
from tests.sources import source_of

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (24, 12, 17, 3)).astype("float32")
EVERYTHING = ClassicalAugmentation(flip=True, crop=0.4, zoom=0.3, rotation=40.0, shift=0.2)
ZHAO = DifferentiableAugmentation(colour=True, translation=0.125, cutout=0.5)


def augmented(
    settings: ClassicalAugmentation, images: np.ndarray = IMAGES, seed: int = 5, first: int = 0
) -> np.ndarray:
    return augment(tf.constant(images), settings, seed, tf.constant(first, tf.int64)).numpy()


# Classical augmentation.


@pytest.mark.parametrize("shape", [(3, 12, 17, 3), (2, 28, 28, 1), (2, 7, 64, 3)])
def test_settings_of_zero_change_nothing(shape: tuple[int, ...]):
    images = RANDOM.uniform(-1, 1, shape).astype("float32")
    assert not ClassicalAugmentation().is_on and EVERYTHING.is_on
    np.testing.assert_array_equal(augmented(ClassicalAugmentation(), images), images)


def test_flip_mirrors_half_of_the_images_exactly():
    images = np.repeat(IMAGES[:1], 400, axis=0)
    result = augmented(ClassicalAugmentation(flip=True), images)
    mirrored = (result == images[:, :, ::-1]).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(result[~mirrored], images[~mirrored])
    assert 0.4 < mirrored.mean() < 0.6


def test_shift_is_by_whole_pixels_and_the_border_goes_on():
    result = augmented(ClassicalAugmentation(shift=0.2))  # of 12 and 17: at most 2 and 3 pixels
    padded = np.pad(IMAGES, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="edge")
    ways = set()
    for image, all_around in zip(result, padded, strict=True):
        (way,) = [
            (down, across)
            for down in range(-3, 4)
            for across in range(-3, 4)
            if np.array_equal(image, all_around[3 - down : 15 - down, 3 - across : 20 - across])
        ]
        ways.add(way)
    assert {abs(down) for down, _ in ways} == {0, 1, 2} and {abs(across) for _, across in ways} == {0, 1, 2, 3}


def test_crop_shows_a_part_and_nothing_beyond_the_border():
    across = np.broadcast_to(np.arange(40, dtype="float32")[:, None], (500, 30, 40, 1))
    result = augmented(ClassicalAugmentation(crop=0.5), across)
    kept = np.diff(result, axis=2)[:, :, 1:-1]  # distance in columns between neighbouring pixels
    assert np.ptp(kept, axis=(1, 2, 3)).max() < 1e-4
    kept = kept[:, 0, 0, 0]
    assert 0.5 <= kept.min() < 0.52 and 0.98 < kept.max() <= 1
    left = result[:, 0, 1, 0] - kept - 0.5 * (kept - 1)  # start of the crop
    room = (1 - kept) * 40
    assert (left > -1e-4).all() and (left < room + 1e-4).all()
    assert 0.45 < np.mean(left / room) < 0.55  # anywhere


def forward(width: int, height: int, numbers: np.ndarray) -> np.ndarray:
    """Transform of a point (x, y, 1) of the image to the result, step by step: 3x3."""
    flip, cut, left, top, zoom, angle, across, down = numbers.astype("float64")

    def scaling(x: float, y: float) -> np.ndarray:
        return np.diag([x, y, 1.0])

    def moving(x: float, y: float) -> np.ndarray:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])

    kept, degrees = 1 - EVERYTHING.crop * cut, EVERYTHING.rotation * (2 * angle - 1)
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    corner = moving(-(1 - kept) * left * width, -(1 - kept) * top * height)
    from_centre = moving(-width / 2, -height / 2)
    steps = [
        moving(0.5, 0.5),  # pixel centres
        from_centre,
        scaling(-1 if flip < 0.5 else 1, 1),
        np.linalg.inv(from_centre),
        corner,
        scaling(1 / kept, 1 / kept),
        from_centre,
        scaling(1 + EVERYTHING.zoom * (2 * zoom - 1), 1 + EVERYTHING.zoom * (2 * zoom - 1)),
        np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]),
        moving(round(EVERYTHING.shift * width * (2 * across - 1)), round(EVERYTHING.shift * height * (2 * down - 1))),
        np.linalg.inv(from_centre),
        moving(-0.5, -0.5),
    ]
    product = np.eye(3)
    for step in steps:
        product = step @ product
    return product


def test_everything_at_once_is_one_resampling_of_the_composition():
    numbers = numbers_at(tf.constant(0, tf.int64), len(IMAGES), seed=5).numpy()
    result = augmented(EVERYTHING)
    for image, row, found in zip(IMAGES, numbers, result, strict=True):
        backward = np.linalg.inv(forward(17, 12, row))
        in_rows_first = backward[[1, 0]][:, [1, 0, 2]]  # SciPy's axes are y, x
        for channel in range(3):
            expected = affine_transform(
                image[..., channel].astype("float64"),
                in_rows_first[:, :2],
                in_rows_first[:, 2],
                order=1,
                mode="nearest",
            )
            np.testing.assert_allclose(found[..., channel], expected, atol=2e-4)


def test_numbers_belong_to_positions_whatever_the_batch():
    whole = numbers_at(tf.constant(0, tf.int64), 1000, seed=3).numpy()
    for first, count in ((0, 7), (513, 100), (999, 1)):
        part = numbers_at(tf.constant(first, tf.int64), count, seed=3).numpy()
        np.testing.assert_array_equal(part, whole[first : first + count])
    assert whole.min() >= 0 and whole.max() < 1
    np.testing.assert_allclose(whole.mean(axis=0), 0.5, atol=0.04)
    np.testing.assert_allclose(np.cov(whole.T), np.eye(8) / 12, atol=0.01)
    for seed in (4, 3 + 2**32, 3 + 2**64):
        assert not (numbers_at(tf.constant(0, tf.int64), 1000, seed).numpy() == whole).any()
    far = numbers_at(tf.constant(2**40, tf.int64), 3, seed=3).numpy()
    assert len(np.unique(np.concatenate([whole, far]))) > 7990


def test_a_run_that_starts_again_sees_the_same_pictures():
    levels = RANDOM.integers(0, 256, (10, 8, 8, 1), np.uint8)
    source = source_of(levels, augmentation=EVERYTHING)

    def pictures(source: ImageSource, steps: int, first_step: int = 0) -> np.ndarray:
        taken = source.batches(4, seed=2, first_step=first_step).take(steps)
        return np.stack([batch["image"] for batch in taken.as_numpy_iterator()])

    whole, later = pictures(source, 9), pictures(source, 3, first_step=6)
    np.testing.assert_array_equal(whole[6:], later)
    # Eagerly and in the pipeline, in batches of 4 and of 36, each position gets the same picture.
    order = shuffled(tf.range(36, dtype=tf.int64), 10, seed=2).numpy()
    together = augmented(EVERYTHING, to_unit(levels)[order], seed=2)
    np.testing.assert_allclose(whole.reshape(36, 8, 8, 1), together, atol=1e-5)
    first, second = (np.flatnonzero(order == 0)[place] for place in (0, 1))
    assert np.abs(whole.reshape(36, 8, 8, 1)[first] - whole.reshape(36, 8, 8, 1)[second]).max() > 0.1  # another epoch
    plain = pictures(source_of(levels), 9)
    np.testing.assert_array_equal(plain.reshape(36, 8, 8, 1), to_unit(levels)[order])
    assert source.fingerprint == source_of(levels).fingerprint


def test_a_recipe_augments_its_source():
    recipe = dataclasses.replace(DCGAN.tiny(), augmentation=ClassicalAugmentation(flip=True, shift=0.1))
    source = open_source(recipe, IMAGES[..., :1] * 0.5 + 0.5)
    assert source.augmentation == recipe.augmentation
    assert recipe.from_fields(json.loads(recipe.to_json())["fields"]) == recipe


@pytest.mark.parametrize("fields", [{"crop": 1.0}, {"zoom": 1.0}, {"shift": -0.1}, {"rotation": 181.0}, {"flip": 1}])
def test_strengths_that_make_no_sense_are_refused(fields: dict):
    with pytest.raises(InputError):
        ClassicalAugmentation(**fields)


# Differentiable augmentation.


def test_brightness_adds_saturation_and_contrast_scale_around_their_means():
    numbers = np.array([0.3, -0.5, 0.0] * 8, "float32")
    expected = IMAGES + numbers[:, None, None, None]
    np.testing.assert_allclose(augmentation.brightness(IMAGES, numbers), expected, rtol=1e-6)
    factors = np.array([0.0, 1.0, 1.7] * 8, "float32")
    saturated = augmentation.saturation(IMAGES, factors).numpy()
    np.testing.assert_allclose(saturated.mean(-1), IMAGES.mean(-1), atol=1e-6)
    spread = IMAGES - IMAGES.mean(-1, keepdims=True)
    np.testing.assert_allclose(
        saturated - saturated.mean(-1, keepdims=True), factors[:, None, None, None] * spread, atol=1e-6
    )
    np.testing.assert_allclose(augmentation.saturation(IMAGES[..., :1], factors), IMAGES[..., :1], atol=1e-6)
    contrasted = augmentation.contrast(IMAGES, factors).numpy()
    np.testing.assert_allclose(contrasted.mean((1, 2, 3)), IMAGES.mean((1, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(contrasted.std((1, 2, 3)), factors * IMAGES.std((1, 2, 3)), atol=1e-5)


@pytest.mark.parametrize(("down", "across"), [(0, 0), (2, 0), (-3, 5), (12, 0), (0, -17)])
def test_translation_moves_pixels_and_leaves_the_middle_grey_behind(down: int, across: int):
    moved = augmentation.translation(IMAGES[:2], tf.constant([down, 0]), tf.constant([across, 0])).numpy()
    padded = np.pad(IMAGES[0], ((20, 20), (20, 20), (0, 0)))  # with 0
    np.testing.assert_array_equal(moved[0], padded[20 - down : 32 - down, 20 - across : 37 - across])
    np.testing.assert_array_equal(moved[1], IMAGES[1])


def test_cutout_covers_a_rectangle_as_far_as_it_lies_inside():
    cut = augmentation.cutout(IMAGES[:3], tf.constant([2, -3, 10]), tf.constant([4, -1, 14]), 5, 6).numpy()
    expected = IMAGES[:3].copy()
    expected[0, 2:7, 4:10] = expected[1, :2, :5] = expected[2, 10:, 14:] = 0
    np.testing.assert_array_equal(cut, expected)


def test_the_middle_of_a_cutout_lies_anywhere():
    """In 8x8 with half the side: it covers 16 pixels in the interior, and each row as often as its mirror image."""
    images = np.ones((4000, 8, 8, 1), "float32")
    covered = 1 - augment_differentiably(images, DifferentiableAugmentation(cutout=0.5), seed=1).numpy()[..., 0]
    sizes = covered.sum(axis=(1, 2))
    assert sizes.max() == 16 and sizes.min() == 4
    often = covered.mean(axis=(0, 2))
    np.testing.assert_allclose(often, often[::-1], atol=0.03)
    np.testing.assert_allclose(often[2:6] / often[0], 4 / 3, atol=0.12)  # four of nine positions against three


def test_translation_reaches_its_share_equally_often():
    images = np.zeros((6000, 16, 8, 1), "float32")
    images[:, 8, 4] = 1
    settings = DifferentiableAugmentation(translation=0.125)
    moved = augment_differentiably(images, settings, seed=0).numpy()[..., 0]
    down, across = (np.argmax(moved.max(axis=axis), axis=1) for axis in (2, 1))
    np.testing.assert_allclose(np.bincount(down - 6) / 6000, 0.2, atol=0.02)
    np.testing.assert_allclose(np.bincount(across - 3) / 6000, 1 / 3, atol=0.02)


def test_each_example_has_draws_of_its_own():
    images = np.repeat(IMAGES[:1], 300, axis=0)
    brighter = augment_differentiably(images, DifferentiableAugmentation(colour=True), seed=3).numpy() - images
    assert len(np.unique(brighter[:, 0, 0, 0])) > 290
    added = brighter.mean(axis=(1, 2, 3))  # neither saturation nor contrast changes the mean
    assert -0.5 <= added.min() < -0.48 and 0.48 < added.max() <= 0.5
    together = augment_differentiably(images, ZHAO, seed=3).numpy()
    assert len(np.unique(together.reshape(300, -1), axis=0)) == 300


@pytest.mark.parametrize(
    "settings", [DifferentiableAugmentation(colour=True), DifferentiableAugmentation(translation=0.3), ZHAO]
)
def test_gradients_are_those_of_finite_differences(settings: DifferentiableAugmentation):
    """The output is affine in the images, so that finite differences of any size are exact."""
    images, way = tf.constant(IMAGES[:4]), RANDOM.normal(size=IMAGES[:4].shape).astype("float32")
    weights = RANDOM.normal(size=images.shape).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch(images)
        result = augment_differentiably(images, settings, seed=9)
        total = tf.reduce_sum(weights * result)
    gradient = tape.gradient(total, images)
    difference = np.sum(weights * (augment_differentiably(images + way, settings, seed=9) - result))
    assert np.sum(gradient * way) == pytest.approx(difference, rel=1e-4, abs=1e-2)
    assert np.abs(gradient).max() > 0.1


def test_penalties_on_gradients_can_be_trained_through_it():
    """Second derivatives: of |d (sum of squares) / d images|² in one direction, against finite differences."""
    images, way = tf.constant(IMAGES[:2]), RANDOM.normal(size=IMAGES[:2].shape).astype("float32")

    def penalty(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(augment_differentiably(images, ZHAO, seed=1) ** 3)
        return tf.reduce_sum(tape.gradient(total, images) ** 2)

    with tf.GradientTape() as tape:
        tape.watch(images)
        value = penalty(images)
    slope = np.sum(tape.gradient(value, images) * way)
    step = 1e-2
    assert slope == pytest.approx(
        float(penalty(images + step * way) - penalty(images - step * way)) / (2 * step), rel=0.02
    )


def test_an_integer_repeats_and_a_generator_goes_on():
    np.testing.assert_array_equal(*(augment_differentiably(IMAGES, ZHAO, seed=2) for _ in range(2)))
    draws, same = keras.random.SeedGenerator(2), keras.random.SeedGenerator(2)
    first, second = (augment_differentiably(IMAGES, ZHAO, draws).numpy() for _ in range(2))
    assert np.mean(first == second) < 0.6  # cutouts may coincide
    np.testing.assert_array_equal(augment_differentiably(IMAGES, ZHAO, same), first)


def test_it_is_the_same_compiled_whatever_the_batch():
    signature = tf.TensorSpec((None, 12, 17, 3))
    compiled = tf.function(lambda images: augment_differentiably(images, ZHAO, seed=4), input_signature=[signature])
    for count in (24, 5):
        np.testing.assert_allclose(
            compiled(IMAGES[:count]), augment_differentiably(IMAGES[:count], ZHAO, seed=4), atol=1e-6
        )


def test_nothing_is_done_by_default():
    assert ZHAO.is_on and not DifferentiableAugmentation().is_on
    np.testing.assert_array_equal(augment_differentiably(IMAGES, DifferentiableAugmentation(), seed=0), IMAGES)
