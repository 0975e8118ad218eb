"""The articles' designs: their layers and parameters, their training and export."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import aigc_tf
from aigc_tf.cli.command import train_command
from aigc_tf.data.text.opening import open_source
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.images import ExportLimits, ImageRecipe, ImageSettings
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.text import TextExportLimits, TextSettings
from aigc_tf.recipes.text_vae import TextVAE
from aigc_tf.references import resolve
from aigc_tf.runs.folder import read_recipe

PRINTED = {name: recipe for name, recipe in recipe_classes().items() if "printed" in vars(recipe)}
LINES = "\n".join(
    " ".join(np.random.default_rng(number).choice(["the", "cat", "sees", "a", "bird"], 3 + number % 4))
    for number in range(200)
)

# Dense: units. Convolution: filters, kernel, stride.
LAYERS = {
    ("vae", "encoder"): [128, 20, 20],
    ("vae", "decoder"): [128, 784],
    ("mlp_gan", "generator"): [128, 256, 512, 1024, 784],
    ("mlp_gan", "discriminator"): [512, 256, 128, 1],
    ("dcgan", "generator"): [7 * 7 * 256, (128, 5, 1), (64, 5, 2), (1, 5, 2)],
    ("dcgan", "discriminator"): [(64, 5, 2), (128, 5, 2), (256, 5, 2), 1],
    ("dcgan64", "generator"): [128, (64, 3, 2), (128, 3, 2), (3, 3, 2)],
    ("dcgan64", "discriminator"): [128, 1],
    ("conv_gan", "generator"): [128 * 7 * 7, 128 * 7 * 7, *[(128, 3, 1)] * 6, (1, 3, 1)],
    ("conv_gan", "discriminator"): [(64, 3, 1), (128, 3, 1), 1],
    ("conv_vae", "encoder"): [(32, 3, 2), (64, 3, 2), 16, 8, 8],
    ("conv_vae", "decoder"): [16, 32 * 7 * 7, (64, 3, 1), *[(128, 3, 1)] * 5, (1, 3, 1)],
}
SLOPES = {
    ("dcgan", "generator"): {0.3},
    ("dcgan", "discriminator"): {0.2},
    ("mlp_gan", "discriminator"): {0.0},
    ("dcgan64", "discriminator"): {0.0},
    ("conv_gan", "generator"): {0.0},
    ("conv_gan", "discriminator"): {0.0},
}
RATES = {"vae": 1e-3, "mlp_gan": 2e-4, "dcgan": 1e-4, "dcgan64": 1e-3, "conv_gan": 1e-4, "conv_vae": 1e-3}
BATCHES = {"vae": 64, "mlp_gan": 64, "dcgan64": 32, "text_vae": 64}


def kind(layer: Any) -> type:
    return getattr(layer, "stands_for", type(layer))


def numbers(network: keras.Model) -> list[object]:
    """Units of dense layers; filters, kernel and stride of convolutions; in order."""
    found: list[object] = []
    for layer in network.layers:
        if kind(layer) is layers.Dense:
            found.append(layer.units)
        if kind(layer) in (layers.Conv2D, layers.Conv2DTranspose):
            found.append((layer.filters, layer.kernel_size[0], layer.strides[0]))
    return found


def network(name: str, role: str) -> keras.Model:
    recipe = PRINTED[name].printed()
    return resolve(recipe.networks[role])(recipe)


def small(name: str) -> Recipe:
    """The printed recipe for two steps of four small examples."""
    logging = LoggingSettings(evaluate_samples=20)
    recipe = dataclasses.replace(PRINTED[name].printed(), steps=2, batch_size=4, logging=logging)
    if isinstance(recipe, ImageRecipe):
        images = dataclasses.replace(recipe.images, height=16, width=16)
        return dataclasses.replace(recipe, images=images, export_limits=ExportLimits.tiny())
    text = TextSettings(unit="word", vocabulary_size=200, lines=True, length=12)
    return dataclasses.replace(recipe, text=text, embedding=8, units=16, export_limits=TextExportLimits.tiny())


def test_these_designs_are_printed():
    assert set(PRINTED) == {"vae", "mlp_gan", "dcgan", "dcgan64", "text_vae", "conv_gan", "conv_vae"}


@pytest.mark.parametrize(("name", "role"), LAYERS)
def test_the_layers_are_the_articles(name: str, role: str):
    built = network(name, role)
    assert numbers(built) == LAYERS[name, role]
    slopes = {layer.negative_slope for layer in built.layers if isinstance(layer, layers.LeakyReLU)}
    assert slopes == SLOPES.get((name, role), set())
    normalised = [layer for layer in built.layers if kind(layer) is layers.BatchNormalization]
    assert len(normalised) == (3 if (name, role) == ("dcgan", "generator") else 0)
    dropped = {layer.rate for layer in built.layers if kind(layer) is layers.Dropout}
    assert dropped <= {0.3 if name == "dcgan" else 0.0}


@pytest.mark.parametrize("name", RATES)
def test_the_settings_are_the_articles(name: str):
    recipe: Any = PRINTED[name].printed()
    players = ["generator_optimizer", "discriminator_optimizer"] if "gan" in name else ["optimizer"]
    assert [getattr(recipe, player).learning_rate for player in players] == [RATES[name]] * len(players)
    assert {getattr(recipe, player).beta_1 for player in players} == {0.9}  # Adam's default, as no other is printed
    assert recipe.average_images is None
    if "gan" in name:
        assert recipe.discriminator_steps == 1 and not recipe.r1.weight and not recipe.differentiable.is_on


def test_batches_are_the_articles_where_it_has_them():
    assert {name: PRINTED[name].printed().batch_size for name in BATCHES} == BATCHES


def test_pictures_of_64_are_flipped_and_shifted():
    recipe: Any = PRINTED["dcgan64"].printed()
    assert recipe.augmentation.flip and recipe.augmentation.shift == 0.1
    assert recipe.images == ImageSettings(height=64, width=64, channels=3)
    assert network("dcgan64", "generator").get_layer("reshape").output.shape == (None, 8, 8, 2)


def test_the_text_vae_has_256_numbers_everywhere_and_reads_no_words():
    recipe = TextVAE.printed()
    vocabulary = open_source(recipe, LINES).vocabulary
    encoder, decoder = (resolve(recipe.networks[role])(recipe, vocabulary) for role in ("encoder", "networks"))
    assert encoder.get_layer("lstm").units == 256 and numbers(encoder) == [256, 256]  # mean and log variance
    assert numbers(decoder.sequence) == [256, len(vocabulary)]
    assert decoder.sequence.get_layer("lstm_over_time").cell.units == 256
    state, latent = tf.zeros((1, 256)), tf.random.stateless_normal((1, 256), (0, 0))
    words, others = (decoder.sequence([tf.constant([row]), latent, state, state]) for row in ([1, 2, 3], [4, 4, 4]))
    np.testing.assert_array_equal(words[0], others[0])
    step, _, _ = decoder.step([tf.constant([3]), latent, state, state])
    np.testing.assert_allclose(step, words[0][:, 0], atol=1e-6)


@pytest.mark.parametrize("name", PRINTED)
def test_a_printed_design_trains_draws_and_exports(name: str, pictures: Path, tmp_path: Path):
    recipe = small(name)
    data = np.load(pictures)["images"] if isinstance(recipe, ImageRecipe) else LINES
    run = aigc_tf.train(recipe, tmp_path / "run", data=data)
    assert run.step == 2
    assert len(run.generate(3, seed=0)) == 3
    run.export("tflite", out=tmp_path / "export", measure=False, compare_with_keras=False)
    assert list((tmp_path / "export").glob("*.tflite"))


def test_the_command_line_begins_with_the_article_and_takes_further_flags(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    given = ["--images.height", "16", "--images.width", "16", "--steps", "1", "--batch-size", "4"]
    train_command(
        PRINTED["mlp_gan"], ["--printed", "--source", str(pictures), *given, "--run-dir", str(tmp_path / "r")]
    )
    expected = dataclasses.replace(
        PRINTED["mlp_gan"].printed(),
        source=str(pictures),
        images=ImageSettings(height=16, width=16),
        steps=1,
        batch_size=4,
    )
    assert read_recipe(tmp_path / "r") == expected
    assert capsys.readouterr().out.strip() == str(tmp_path / "r")


@pytest.mark.parametrize(
    ("name", "further", "message"),
    [
        ("lsgan", [], "no article describes lsgan: --printed is for conv_gan, conv_vae, dcgan, dcgan64, "),
        ("gpt", [], "no article describes gpt"),
        ("dcgan", ["--resume"], "--printed is for a new run: leave it out with --resume"),
    ],
)
def test_what_is_not_printed_is_refused(
    name: str, further: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as end:
        train_command(recipe_classes()[name], ["--printed", *further])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
