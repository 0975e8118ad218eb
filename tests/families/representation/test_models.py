"""Self-supervised encoders: their losses, and which inputs they may use."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.representation.masked import MaskedAutoencoder
from aigc_tf.families.representation.networks import HiddenPatches
from aigc_tf.families.representation.simclr import SimCLR
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.images.probe import FilledIn, Probed, Recognised
from aigc_tf.nn.losses import two_view_nats
from aigc_tf.recipes.augment import DifferentiableAugmentation
from aigc_tf.recipes.masked_autoencoder import MaskedAutoencoder as MaskedRecipe
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings
from aigc_tf.recipes.simclr import SimCLR as SimCLRRecipe
from tests.sources import source_of

RATE, AT_ONCE = AdamSettings(learning_rate=5e-3), ScheduleSettings(warmup_steps=0)


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Random mixtures of light from above and vertical stripes: uint8 `[count, 16, 16, 1]`."""
    random = np.random.default_rng(seed)
    above, stripes = np.zeros((2, 16, 16, 1))
    above[:8] = stripes[:, ::4] = 1
    strengths = random.uniform(0, 120, (2, count, 1, 1, 1))
    noise = random.integers(0, 10, (count, 16, 16, 1))
    return (strengths[0] * above + strengths[1] * stripes + noise).astype(np.uint8)


def test_the_loss_is_the_cross_entropy_of_the_other_view() -> None:
    random = np.random.default_rng(0)
    first, second = random.standard_normal((2, 4, 3)).astype(np.float32)
    views = np.concatenate([first, second]).astype(np.float64)
    expected = []
    for place in range(8):
        cosines = views @ views[place] / 0.5
        others = np.delete(np.exp(cosines), place)
        expected.append(np.log(others.sum()) - cosines[(place + 4) % 8])
    np.testing.assert_allclose(two_view_nats(first, second, 0.5), np.mean(expected), rtol=1e-5)


def test_hidden_patches_stand_where_the_places_say() -> None:
    layer = HiddenPatches()
    seen = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    found = layer(seen, np.array([[3, 0, 2, 1]], np.int32)).numpy()
    np.testing.assert_array_equal(found[0, [1, 3]], seen[0])
    np.testing.assert_array_equal(found[0, 0], found[0, 2])


@pytest.fixture(scope="module")
def masked() -> MaskedAutoencoder:
    return aigc_tf.create(MaskedRecipe.tiny())


def test_what_is_hidden_is_not_looked_at(masked: MaskedAutoencoder) -> None:
    images, hidden = pictures(3) / np.float32(255), masked.hidden(5)
    assert hidden.sum() == 12 * 16  # three quarters of 16 patches of 4x4 pixels
    other = np.where(hidden, 1 - images, images)
    np.testing.assert_allclose(
        masked.transform(images, 5)[:, hidden[..., 0]], masked.transform(other, 5)[:, hidden[..., 0]], atol=1e-6
    )
    np.testing.assert_array_equal(masked.transform(images, 5)[:, ~hidden[..., 0]], images[:, ~hidden[..., 0]])


def test_its_loss_is_the_error_of_the_hidden_pixels(masked: MaskedAutoencoder) -> None:
    images = tf.constant(pictures(1) / np.float32(255))
    order = np.argsort(tf.random.stateless_uniform((16,), (1, 2)).numpy())[None]
    places = np.argsort(order, axis=1)
    made = masked.pixels(images, tf.constant(order), tf.constant(places), training=False).numpy()[0]
    patches = images.numpy().reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 16)
    np.testing.assert_array_equal(masked.cut(images)[0], patches)
    squares = np.square(made - patches).mean(axis=1)
    is_hidden = places[0] >= masked.recipe.seen
    assert is_hidden.sum() == 12 and (order[0, 4:] == np.sort(order[0, 4:])).sum() < 12
    mean_of_draws = np.mean([float(masked.loss_of(images, seed, training=False)) for seed in range(20)])
    assert squares[is_hidden].mean() == pytest.approx(mean_of_draws, rel=0.5)


def trained(model, images: np.ndarray, steps: int):
    step = tf.function(model.train_step)
    for index in range(steps):
        rows = np.random.default_rng(index).integers(len(images), size=32)
        logs = step({"image": tf.constant(images[rows] / np.float32(127.5) - 1)})
    assert np.isfinite(float(logs["loss"]))
    return model


def test_views_of_a_picture_are_recognised_after_training() -> None:
    plain = {"colours": DifferentiableAugmentation(), "filters": (16, 32)}
    changes = {"optimizer": RATE, "schedule": AT_ONCE, "steps": 100, "batch_size": 32}
    recipe = dataclasses.replace(SimCLRRecipe.tiny(), **plain, **changes)
    images = pictures(400)
    brighter_above = (images[:, :8].mean(axis=(1, 2, 3)) > np.median(images[:, :8].mean(axis=(1, 2, 3)))).astype(int)
    source = source_of(images, brighter_above, class_names=("dark", "light"))
    model: SimCLR = trained(aigc_tf.create(recipe), images, 100)
    request = Request(part="train", samples=100)
    found = Probed().measure(model, source, recipe, request).figures
    assert found["accuracy_of_10_labels"].value > 0.8
    fresh = Recognised().measure(aigc_tf.create(recipe), source, recipe, request).figures["recognised"].value
    assert Recognised().measure(model, source, recipe, request).figures["recognised"].value > fresh + 0.05


def test_patches_are_filled_in_better_than_by_the_mean_picture() -> None:
    small = MaskedRecipe.tiny()
    recipe = dataclasses.replace(small, optimizer=RATE, schedule=AT_ONCE, steps=300, batch_size=32)
    images = pictures(400)
    model = trained(aigc_tf.create(recipe), images, 300)
    figure = FilledIn().measure(model, source_of(images), recipe, Request(part="train", samples=100)).figures
    psnr = figure["hidden_psnr_db"]
    assert psnr.value > psnr.baselines["mean training picture"] + 0.5


def test_without_labels_nothing_is_probed(masked: MaskedAutoencoder) -> None:
    found = Probed().measure(masked, source_of(pictures(10)), masked.recipe, Request(part="train"))
    assert not found.figures and "no labels" in found.protocol["probe"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"patch": 5}, "must be divisible by patch"),
        ({"width": 90}, "multiple of the heads"),
        ({"hidden": 0.999}, "at least one must be visible"),
    ],
)
def test_patches_that_do_not_fit_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MaskedRecipe.from_fields(fields)
