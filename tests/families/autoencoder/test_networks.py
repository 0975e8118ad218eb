"""The autoencoders' networks have the layers printed in the articles, and fit any image size."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

from aigc_tf.families.autoencoder.networks import conv_autoencoder, denoiser, dense_vae
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.autoencoders import AutoencoderRecipe
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.denoising_autoencoder import DenoisingAutoencoder
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.vae import VAE
from aigc_tf.references import resolve


def widths(network: keras.Model) -> list[tuple[str, int]]:
    """`("conv" or "dense", filters or units)` in order."""
    found = []
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D):
            found.append(("conv", layer.filters))
        if isinstance(layer, layers.Dense):
            found.append(("dense", layer.units))
    return found


def test_dense_vae_is_article_001s():
    encoder, decoder = dense_vae.encoder(VAE()), dense_vae.decoder(VAE())
    assert widths(encoder) == [("dense", 128), ("dense", 20), ("dense", 20)]
    assert widths(decoder) == [("dense", 128), ("dense", 784)]
    assert isinstance(decoder.get_layer("activation_0"), layers.ReLU)
    assert decoder.get_layer("pixels").activation is keras.activations.linear  # logits


def test_printed_convolutional_vae_is_article_004s():
    recipe = ConvVAE.printed()
    encoder, decoder = conv_autoencoder.variational_encoder(recipe), conv_autoencoder.decoder(recipe)
    assert widths(encoder) == [("conv", 32), ("conv", 64), ("dense", 16), ("dense", 8), ("dense", 8)]
    assert widths(decoder) == [
        ("dense", 16),
        ("dense", 32 * 7 * 7),
        ("conv", 64),
        *[("conv", 128)] * 5,
        ("conv", 1),
    ]
    assert decoder.get_layer("reshape").output.shape == (None, 7, 7, 32)
    kernels = {layer.kernel_size for layer in (*encoder.layers, *decoder.layers) if isinstance(layer, layers.Conv2D)}
    assert kernels == {(3, 3)}
    assert [layer.name for layer in decoder.layers if isinstance(layer, layers.UpSampling2D)] == [
        "double_1",
        "double_2",
    ]


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (17, 30, 3), (9, 5, 1)])
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, recipe in recipe_classes().items()
        if issubclass(recipe, AutoencoderRecipe) and isinstance(recipe.images, ImageSettings)
    ],
)
def test_any_size_and_any_channels(name: str, shape: tuple[int, int, int]):
    height, width, channels = shape
    images = ImageSettings(height=height, width=width, channels=channels)
    recipe = dataclasses.replace(recipe_classes()[name].tiny(), images=images)
    encoder, decoder = (resolve(recipe.networks[role])(recipe) for role in ("encoder", "decoder"))
    encoded = encoder(np.zeros((2, *shape), "float32"))
    latent = encoded[0] if isinstance(encoded, list) else encoded
    assert decoder(latent).shape == (2, *shape)


def test_plain_encoder_differs_from_the_variational_one_in_its_head_alone():
    plain = conv_autoencoder.encoder(Autoencoder(latent_dim=9))
    variational = conv_autoencoder.variational_encoder(ConvVAE(latent_dim=9))
    assert widths(plain) == widths(variational)[:-1]


def test_the_denoisers_latent_is_a_picture_of_half_the_size():
    recipe = DenoisingAutoencoder(latent_channels=5)
    encoder = denoiser.encoder(recipe)
    assert encoder.output.shape == (None, 14 * 14 * 5)
    assert denoiser.decoder(recipe).output.shape == (None, 28, 28, 1)


def test_likelihoods_decide_how_many_numbers_a_pixel_has():
    recipe = VAE.tiny()
    mixture = dataclasses.replace(recipe.likelihood, kind="logistic_mixture", components=4)
    assert dense_vae.decoder(dataclasses.replace(recipe, likelihood=mixture)).output.shape == (None, 16, 16, 4 * 3)
