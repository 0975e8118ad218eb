"""The networks of the further GANs have the layers of their articles."""

from __future__ import annotations

import dataclasses

import pytest
from keras import layers

from aigc_tf.families.gan.networks import conv_gan, dcgan64, mlp_gan
from aigc_tf.recipes.conv_gan import ConvGAN
from aigc_tf.recipes.dcgan64 import DCGAN64
from aigc_tf.recipes.gans import GANRecipe, R1Settings
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.mlp_gan import MLPGAN


def of_kind(network: object, kind: type) -> list:
    return [layer for layer in network.layers if getattr(layer, "stands_for", type(layer)) is kind]


def test_the_fully_connected_networks_are_article_001s():
    recipe = MLPGAN()
    generator, discriminator = mlp_gan.generator(recipe), mlp_gan.discriminator(recipe)
    assert [layer.units for layer in of_kind(generator, layers.Dense)] == [128, 256, 512, 1024, 784]
    assert [layer.units for layer in of_kind(discriminator, layers.Dense)] == [512, 256, 128, 1]
    assert generator.input.shape == (None, 100) and generator.output.shape == (None, 28, 28, 1)
    assert len(of_kind(generator, layers.ReLU)) == len(of_kind(generator, layers.BatchNormalization)) == 4
    assert generator.get_layer("pixels").activation.__name__ == "tanh"


def test_the_convolutional_networks_have_article_004s_depth_and_width():
    recipe = ConvGAN(discriminator_filters=(64, 128))
    generator, discriminator = conv_gan.generator(recipe), conv_gan.discriminator(recipe)
    convolutions = of_kind(generator, layers.Conv2D)
    assert [(c.filters, c.kernel_size) for c in convolutions] == [(128, (3, 3))] * 6 + [(1, (3, 3))]
    assert [c.output.shape[1] for c in convolutions] == [7, 7, 7, 14, 14, 28, 28]
    assert [c.filters for c in of_kind(discriminator, layers.Conv2D)] == [64, 128]
    assert [d.units for d in of_kind(generator, layers.Dense)] == [128 * 7 * 7]


def test_the_second_dense_layer_is_there_when_asked_for():
    tiny = ConvGAN.tiny()
    plain, printed = (conv_gan.generator(dataclasses.replace(tiny, second_dense=on)) for on in (False, True))
    units = 4 * 4 * tiny.generator_filters
    assert printed.count_params() - plain.count_params() == units * units + 4 * units  # with its normalisation


def test_the_64_pixel_networks_are_radfords():
    recipe = DCGAN64(discriminator_normalisation=True, r1=R1Settings())
    generator, discriminator = dcgan64.generator(recipe), dcgan64.discriminator(recipe)
    doublings = of_kind(generator, layers.Conv2DTranspose)
    assert [(c.filters, c.strides) for c in doublings] == [(f, (2, 2)) for f in (128, 64, 32, 3)]
    assert [c.output.shape[1:] for c in doublings] == [(8, 8, 128), (16, 16, 64), (32, 32, 32), (64, 64, 3)]
    assert of_kind(generator, layers.Dense)[0].units == 4 * 4 * 256
    strided = of_kind(discriminator, layers.Conv2D)
    assert [(c.filters, c.strides) for c in strided] == [(f, (2, 2)) for f in (32, 64, 128, 256)]
    # Everywhere except the generator's output and the discriminator's input (Radford et al. 2015, §3).
    assert len(of_kind(generator, layers.BatchNormalization)) == 4
    assert len(of_kind(discriminator, layers.BatchNormalization)) == 3
    assert not of_kind(dcgan64.discriminator(DCGAN64()), layers.BatchNormalization)  # not allowed with R1


@pytest.mark.parametrize("shape", [(16, 32, 3), (48, 16, 1)])
def test_any_size_that_can_be_doubled_up_to(shape: tuple[int, int, int]):
    images = ImageSettings(height=shape[0], width=shape[1], channels=shape[2])
    for module, recipe in ((conv_gan, ConvGAN), (dcgan64, DCGAN64), (mlp_gan, MLPGAN)):
        small = dataclasses.replace(recipe.tiny(), images=images)
        assert module.generator(small).output.shape == (None, *shape)
        assert module.discriminator(small).input.shape == (None, *shape)


@pytest.mark.parametrize(
    ("recipe", "fields", "message"),
    [
        (ConvGAN, {"images": ImageSettings(height=30)}, r"30x28.*divisible by 4"),
        (DCGAN64, {"images": ImageSettings(height=40, width=64)}, r"40x64.*4 times.*divisible by 16"),
        (DCGAN64, {"discriminator_normalisation": True}, "turn it off, or set r1.weight"),
        (
            DCGAN64,
            {"discriminator_normalisation": True, "r1": R1Settings(), "normalisation_momentum": None},
            "momentum is None",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(recipe: type[GANRecipe], fields: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        recipe(**fields)


@pytest.mark.parametrize("module", [conv_gan, dcgan64, mlp_gan])
def test_spectral_normalisation_wraps_every_kernel_of_the_discriminator(module: object):
    recipe = {conv_gan: ConvGAN, dcgan64: DCGAN64, mlp_gan: MLPGAN}[module]
    network = module.discriminator(dataclasses.replace(recipe.tiny(), spectral_normalisation=True))
    wrapped = of_kind(network, layers.SpectralNormalization)
    kernels = [weight for weight in network.trainable_variables if weight.name == "kernel"]
    assert len(wrapped) == len(kernels) == 3
