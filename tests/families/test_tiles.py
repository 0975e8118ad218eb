"""Tiled processing of large pictures matches whole pictures if the receptive field is within the overlap."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.families.tiles import by_tiles
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import PhotoRecipe, PhotoSettings
from aigc_tf.recipes.pix2pix import Pix2Pix
from aigc_tf.recipes.upscale import Upscale

PICTURE = np.random.default_rng(0).random((53, 91, 1), np.float32)


@pytest.mark.parametrize("tile", [8, 30, 1000])
def test_every_pixel_is_put_where_it_belongs(tile: int):
    made = by_tiles(
        lambda inputs: inputs["image"].repeat(2, axis=1).repeat(2, axis=2),
        {"image": PICTURE},
        tile=tile,
        overlap=5,
        granularity=4,
        scale=2,
        channels=1,
    )
    np.testing.assert_array_equal(made, PICTURE.repeat(2, axis=0).repeat(2, axis=1))


def test_memory_is_bounded_by_the_tile():
    seen = []

    def call(inputs: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(inputs["image"].shape)
        return inputs["image"]

    by_tiles(call, {"image": PICTURE}, tile=16, overlap=4, granularity=4, scale=1, channels=1)
    assert set(seen) == {(1, 24, 24, 1)} and len(seen) == 4 * 6
    seen.clear()
    by_tiles(call, {"image": PICTURE}, tile=48, overlap=4, granularity=4, scale=1, channels=1)
    assert seen == 4 * [(1, 28 + 8, 48 + 8, 1)]  # 53 rows are not split into 48 and 5


def with_random_weights(model: aigc_tf.families.base.GenerativeModel) -> aigc_tf.families.base.GenerativeModel:
    """Random weights, also for the last convolution, which is initialised to zero."""
    random = np.random.default_rng(0)
    for weight in model.used.trainable_variables or model.used.variables:
        weight.assign(weight.numpy() + 0.05 * random.standard_normal(weight.shape))
    return model


@pytest.mark.parametrize("recipe", [Upscale.tiny(), Denoise.tiny()], ids=["upscale", "denoise"])
def test_tiled_equals_whole(recipe: Upscale | Denoise):
    """Within half an 8-bit level; with too small an overlap, seams appear."""
    model = with_random_weights(aigc_tf.create(recipe))
    given = {"sigma": 25.0} if isinstance(recipe, Denoise) else {}
    whole, tiled, seams = (
        model.transform([PICTURE], tile=tile, overlap=overlap, **given)[0]
        for tile, overlap in ((128, 32), (32, 32), (32, 0))
    )
    assert np.abs(whole - whole.mean()).mean() > 0.02
    assert np.abs(tiled - whole).max() <= 0.5 / 255
    assert np.abs(seams - whole).max() > 2 / 255


DEEP = dataclasses.replace(
    Inpaint.tiny(), unet_filters=(4, 4, 4), lowest_blocks=2, photos=PhotoSettings(crop=16, channels=1)
)
LONG = dataclasses.replace(Upscale.tiny(), blocks=2, scale=3, photos=PhotoSettings(crop=24, channels=1))


@pytest.mark.parametrize("recipe", [Upscale.tiny(), LONG, Denoise.tiny(), DEEP], ids=["upscale", "x3", "u_net", "deep"])
def test_the_network_looks_as_far_as_its_recipe_says(recipe: PhotoRecipe):
    """Gradients of output pixels at all positions of a cell extend exactly this far."""
    model = with_random_weights(aigc_tf.create(recipe))
    middle = -(-recipe.reach // recipe.granularity) * recipe.granularity
    side = 2 * middle + recipe.granularity
    random = np.random.default_rng(1)
    shapes = {
        entry.name: [1, *(side if size is None else size for size in entry.shape[1:])] for entry in model.used.inputs
    }
    inputs = {name: tf.constant(random.random(shape), tf.float32) for name, shape in shapes.items()}
    furthest = 0
    for place in range(middle, middle + recipe.granularity):
        with tf.GradientTape() as tape:
            tape.watch(inputs["image"])
            pixel = model.called(model.used, inputs, training=False)[0, model.scale * place, model.scale * place]
            looked = tf.reduce_sum(pixel)
        seen = np.argwhere(tape.gradient(looked, inputs["image"])[0])[:, :2]
        furthest = max(furthest, np.abs(seen - place).max())
    assert furthest == recipe.reach


def test_the_default_leaves_no_seams():
    """Except for the order of summation; networks with whole-image normalisation have no overlap."""
    model = with_random_weights(aigc_tf.create(DEEP))
    missing = (np.random.default_rng(0).random(PICTURE.shape) < 0.3).astype(np.float32)
    whole = model.transform([PICTURE], condition=[missing], tile=128)[0]
    tiled = model.transform([PICTURE], condition=[missing], tile=32)[0]
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    assert Pix2Pix.transform_options().overlap == 0


def test_all_sizes_are_restored():
    model = with_random_weights(aigc_tf.create(dataclasses.replace(Denoise.tiny(), seed=3)))
    for shape in ((1, 1, 1), (7, 200, 1), (33, 18, 1)):
        restored = model.transform([np.ones(shape, np.float32)], sigma=10.0)
        assert restored.shape == (1, *shape) and np.isfinite(restored).all()
    keras.backend.clear_session()


def test_options_that_cannot_be():
    model = aigc_tf.create(Denoise.tiny())
    for given, words in (({"sigm": 25.0}, "has no option sigm"), ({"tile": 5}, "tile"), ({"sigma": -1.0}, "sigma")):
        with pytest.raises(InputError, match=words):
            model.transform([PICTURE], **given)
    plain = model.transform([PICTURE])
    np.testing.assert_array_equal(plain, model.transform([PICTURE], sigma=25.0, tile=512, overlap=28))


@pytest.mark.parametrize("recipe", [Upscale.tiny(), Inpaint.tiny()], ids=lambda recipe: recipe.slug())
def test_a_page_restores_photographs(recipe: PhotoRecipe):
    (panel,) = aigc_tf.create(recipe).of_size(64).page()
    assert (panel.module, panel.signature) == ("restore", "restore")
    assert panel.facts["scale"] == (2 if isinstance(recipe, Upscale) else 1)
    assert panel.facts["overlap"] == min(recipe.reach, 16)
