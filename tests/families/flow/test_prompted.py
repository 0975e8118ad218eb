"""Text-to-image flow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.errors import InputError
from aigc_tf.export import Limits, Runner, export
from aigc_tf.families.flow.prompted import TextFlow as TextFlowModel
from aigc_tf.metrics.captioned.drawn import AMONG, _others, prompt_ranks
from aigc_tf.nn.towers import OnlyWords
from aigc_tf.recipes.flows import TransformerSettings
from aigc_tf.recipes.match import Match
from aigc_tf.recipes.text_flow import TextFlow
from tests.families.flow.test_model import shaken


@pytest.fixture(scope="module")
def source():
    return open_source(TextFlow.tiny())


@pytest.fixture(scope="module")
def flow(source) -> TextFlowModel:
    return shaken(aigc_tf.create(TextFlow.tiny(), captions=source.captions))


def test_words_change_the_picture_and_their_way_of_writing_does_not(flow: TextFlowModel) -> None:
    red, blue = (flow.generate(2, seed=1, prompt=text) for text in ("small red circle", "small blue circle"))
    assert np.abs(red - blue).max() > 1e-3
    np.testing.assert_array_equal(red, flow.generate(2, seed=1, condition="Small  RED circle"))
    both = flow.generate(2, seed=1, condition=["small red circle", "small blue circle"])
    np.testing.assert_allclose(both[1], blue[1], atol=1e-5)
    with pytest.raises(InputError, match="no word of the training captions"):
        flow.generate(1, prompt="mauve")


def test_a_transformer_sees_words_in_each_block(source) -> None:
    sizes = TransformerSettings(width=8, depth=2, heads=2)
    recipe = dataclasses.replace(TextFlow.tiny(), network="transformer", transformer=sizes)
    model = shaken(aigc_tf.create(recipe, captions=source.captions))
    body = model.used.get_layer("body")
    assert all(body.get_layer(f"with_words_block_{index}") for index in range(2))
    noisy, states = np.full((1, 16, 16, 3), 0.3, np.float32), np.ones((1, 16, 8), np.float32)
    body.get_layer("words_vector").kernel.assign(np.zeros((8, 8)))
    seen, nothing = (body([noisy, np.full(1, 0.4), given]) for given in (states, 0 * states))
    assert np.abs(seen - nothing).max() > 1e-3


def test_batches_are_what_is_drawn_at_once(flow: TextFlowModel) -> None:
    batches = np.concatenate(list(flow.generate_batches(3, seed=2, prompt="red ring", evaluations=2)))
    np.testing.assert_array_equal(batches, flow.generate(3, seed=2, prompt="red ring", evaluations=2))


def test_no_words_are_zeros_whatever_the_weights(flow: TextFlowModel, source) -> None:
    encoder = flow.used.get_layer("encoder")
    np.testing.assert_array_equal(encoder(np.zeros((2, 16), np.int32)), 0)
    assert np.abs(encoder(source.captions.numbers(["red ring"]))[0, :2]).min() > 0
    vectors = np.ones((1, 3, 2), np.float32)
    np.testing.assert_array_equal(OnlyWords()(vectors, np.array([[4, 0, 0]]))[0, :, 0], [1, 0, 0])


def test_guidance_0_is_drawn_without_words(flow: TextFlowModel) -> None:
    noisy, words = np.full((2, 16, 16, 3), 0.3, np.float32), flow.conditions("red ring", 2)
    weights = {weight: flow.guided(flow.ask, flow.solving(guidance=weight)) for weight in (0.0, 1.0, 3.0)}
    asked, anything = flow.ask(noisy, 0.4, words), flow.ask(noisy, 0.4, None)
    assert np.abs(asked - anything).max() > 1e-4
    np.testing.assert_allclose(weights[0.0](noisy, 0.4, words), anything, atol=1e-6)
    np.testing.assert_allclose(weights[3.0](noisy, 0.4, words), 3 * asked - 2 * anything, atol=1e-5)


def test_some_captions_are_dropped_as_a_whole(source) -> None:
    model = aigc_tf.create(dataclasses.replace(TextFlow.tiny(), drop_captions=0.4), captions=source.captions)
    batch = next(iter(source.batches(200, 0)))
    told, words = model.told(batch)[0].numpy(), batch["words"].numpy()
    dropped = (told == 0).all(axis=1)
    np.testing.assert_array_equal(told[~dropped], words[~dropped])
    assert 0.25 < dropped.mean() < 0.55


def test_noise_must_not_tell_the_caption() -> None:
    with pytest.raises(InputError, match="would reveal the caption"):
        dataclasses.replace(TextFlow.tiny(), coupling="optimal")


def test_a_file_has_the_words_encoder_and_the_sampler_apart(flow: TextFlowModel, tmp_path: Path) -> None:
    options = {"evaluations": 1, "guidance": 2.0}
    chosen = flow.exported_with(**options)
    made = export(chosen, tmp_path, limits=Limits(examples=8), measure=False, metadata=chosen.export_metadata())
    runner = Runner(made.path)
    words = flow.captions.numbers(["red ring"])
    states = runner.map("encode", {"words": words})["states"]
    latents = flow.latents(1, 5)
    image = runner.map("generate", {"latent": latents, "states": states})["image"]
    np.testing.assert_allclose(image, flow.decode(latents, words, **options), atol=1e-4)


def test_prompts_are_ranked_among_the_same_others(source) -> None:
    asked = _others(150, AMONG)
    assert asked.shape == (150, AMONG) and (asked[:, 0] == np.arange(150)).all()
    assert all(len(set(row)) == AMONG for row in asked.tolist())
    judge = aigc_tf.create(Match.tiny(), captions=source.captions)
    pictures, texts = source.pairs("test", 20)
    fit = judge.of_pictures(pictures) @ judge.of_words(texts).T
    expected = (fit > np.diag(fit)[:, None]).sum(axis=1)
    np.testing.assert_array_equal(prompt_ranks(judge, pictures, texts), expected)
