"""The DCGAN's networks have the layers of article 002 §5.2."""

import keras
import pytest
from keras import layers

from aigc_tf.families.gan.networks.dcgan import discriminator, generator
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings


def test_generator_is_the_articles():
    network = generator(DCGAN())
    convolutions = [layer for layer in network.layers if isinstance(layer, layers.Conv2DTranspose)]
    facts = [(c.filters, c.kernel_size, c.strides, c.padding, c.use_bias) for c in convolutions]
    assert facts == [
        (128, (5, 5), (1, 1), "same", False),
        (64, (5, 5), (2, 2), "same", False),
        (1, (5, 5), (2, 2), "same", False),
    ]
    assert convolutions[-1].activation is keras.activations.tanh
    normalisations = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    assert [n.momentum for n in normalisations] == [DCGAN().normalisation_momentum] * 3
    # Dense 100 x 12544, three normalisations, three kernels.
    weights = 100 * 12544 + 2 * (12544 + 128 + 64) + 25 * (256 * 128 + 128 * 64 + 64)
    assert sum(w.shape.num_elements() for w in (v.value for v in network.trainable_variables)) == weights


def test_discriminator_is_the_articles():
    network = discriminator(DCGAN())
    convolutions = [layer for layer in network.layers if isinstance(layer, layers.Conv2D)]
    assert [(c.filters, c.kernel_size, c.strides, c.use_bias) for c in convolutions] == [
        (filters, (5, 5), (2, 2), False) for filters in (64, 128, 256)
    ]
    assert [layer.rate for layer in network.layers if isinstance(layer, layers.Dropout)] == [0.3] * 3
    assert [layer.negative_slope for layer in network.layers if isinstance(layer, layers.LeakyReLU)] == [0.2] * 3
    assert network.output.shape == (None, 1)
    assert network.layers[-1].activation is keras.activations.linear  # logits


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (16, 24, 1), (20, 44, 3)])
def test_any_size_divisible_by_four_and_any_channels(shape: tuple[int, int, int]):
    height, width, channels = shape
    recipe = DCGAN(images=ImageSettings(height=height, width=width, channels=channels), generator_filters=(8, 8, 8))
    assert generator(recipe).output.shape == (None, *shape)
    assert discriminator(recipe).input.shape == (None, *shape)


def test_other_sizes_are_refused_by_name():
    with pytest.raises(ValueError, match=r"30x28.*divisible by 4"):
        DCGAN(images=ImageSettings(height=30))
