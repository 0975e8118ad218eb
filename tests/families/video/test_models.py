"""Video models: step by step matches whole clips, at any size; untrained models copy or blend."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.video.clip import Clip
from aigc_tf.errors import InputError
from aigc_tf.export.quality.change import networks_of
from aigc_tf.export.quality.video import frames_ahead, frames_between
from aigc_tf.families.video.model import VideoModel
from aigc_tf.metrics.video.baselines import blended, copied
from aigc_tf.recipes.complete_video import CompleteVideo
from aigc_tf.recipes.predict_video import PredictVideo

UNET = PredictVideo.tiny()
RECIPES = {
    "unet": UNET,
    "convlstm": dataclasses.replace(UNET, network="convlstm", filters=4),
    "gap": CompleteVideo.tiny(),
}


@pytest.fixture(scope="module", params=RECIPES)
def model(request: pytest.FixtureRequest) -> VideoModel:
    return aigc_tf.create(RECIPES[request.param])


@pytest.fixture(scope="module")
def moved(model: VideoModel) -> VideoModel:
    """Change the weights, so that they matter."""
    random = np.random.default_rng(0)
    for weight in (*model.network.weights, *model.used.weights):
        if len(weight.shape) > 1:
            weight.assign(random.normal(0, 0.1, weight.shape))
    return model


def windows(recipe: object, count: int = 2) -> np.ndarray:
    shape = (count, recipe.window, 32, 32, 1)
    return np.random.default_rng(1).random(shape, np.float32)


def test_before_it_has_learnt_it_copies_or_blends(model: VideoModel):
    given = windows(model.recipe)
    simple = blended if model.signature == "fill" else copied
    made, truth = model.of_windows(given), model.truth(given)
    assert made.shape == truth.shape
    np.testing.assert_allclose(made, simple(model.given(given), truth.shape[1]), atol=1e-5)


def test_the_exported_step_makes_what_the_window_makes(moved: VideoModel):
    given = windows(moved.recipe)
    call = networks_of(moved.signatures())
    make = frames_between if moved.signature == "fill" else frames_ahead
    made = np.clip(make(call, moved, given), 0, 1)
    np.testing.assert_allclose(made, moved.of_windows(given), atol=1e-4)
    assert np.abs(made - copied(moved.given(given), made.shape[1])).max() > 0.01


def test_a_clip_of_any_size_goes_on_or_gets_frames_between(moved: VideoModel):
    clip = np.random.default_rng(2).integers(0, 256, (6, 21, 35, 3), np.uint8)
    (made,) = moved.transform([Clip(clip, 10.0)])
    if moved.signature == "fill":
        gap = moved.recipe.gap
        assert made.frames.shape == (5 * (gap + 1) + 1, 21, 35, 1) and made.rate == 10 * (gap + 1)
        grey = clip @ np.array([0.299, 0.587, 0.114]) / 255
        np.testing.assert_allclose(made.frames[:: gap + 1, ..., 0], grey, atol=1e-3)
    else:
        assert made.frames.shape == (5, 21, 35, 1) and made.rate == 10
        (longer,) = moved.transform([Clip(clip, 10.0)], frames=7)
        np.testing.assert_allclose(longer.frames[:5], made.frames, atol=1e-5)
        # Only the last frames matter.
        (last,) = moved.transform([Clip(clip[-moved.recipe.past :], 10.0)])
        np.testing.assert_allclose(last.frames, made.frames, atol=1e-5)
    assert made.frames.min() >= 0 and made.frames.max() <= 1


def test_too_few_frames_and_odd_sizes_get_one_line(model: VideoModel):
    with pytest.raises(InputError, match="has 1 frames"):
        model.transform([np.zeros((1, 32, 32, 1), np.uint8)])
    with pytest.raises(InputError, match=r"--tile is 33"):
        model.of_size(33)
    assert set(model.of_size(48).signatures()) == {model.signature}


def test_what_a_unet_remembers_are_the_frames_before_the_oldest_first():
    recipe = dataclasses.replace(UNET, past=4)
    network = aigc_tf.create(recipe).network
    frames = windows(recipe)
    past = np.zeros((2, 32, 32, 3), np.float32)
    for place in range(4):
        _, past = network([tf.constant(frames[:, place]), tf.constant(past)])
    np.testing.assert_array_equal(past, np.concatenate([frames[:, place] for place in (1, 2, 3)], axis=-1))


def test_states_matter():
    """Another first frame changes the prediction from the last one."""
    for name in ("unet", "convlstm"):
        model = aigc_tf.create(dataclasses.replace(RECIPES[name], past=3))
        random = np.random.default_rng(0)
        for weight in model.used.weights:
            weight.assign(random.normal(0, 0.2, weight.shape))
        given = windows(model.recipe)
        other = np.concatenate([1 - given[:, :1], given[:, 1:]], axis=1)
        assert np.abs(model.of_windows(given) - model.of_windows(other)).max() > 1e-3
