"""Keras layers reimplemented to train faster on CPUs, with the same weights, results and configuration.

A network uses them where they are faster (docs/RESULTS.md, the training step). Exported files hold Keras's layers:
`stands_for`. Convolutions from or to few channels and batch statistics are memory-bound: Keras's implementations pass
over memory several times, or with nearly empty vectors. Convolutions of many channels over small images are
compute-bound, and the frequency domain needs a tenth of the arithmetic.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aigc_tf.nn import replicas, spectral
from aigc_tf.nn.keras_internals import flat_layers

FEW_CHANNELS = 3
_LEVELS = 1 << 16


@keras.saving.register_keras_serializable(package="aigc_tf")
class Dropout(keras.layers.Dropout):
    """`keras.layers.Dropout` with masks from 16 random bits per value; the rate is rounded to 1/65,536."""

    stands_for = keras.layers.Dropout

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Inputs of any shape; in training some are set to 0 and the others scaled up."""
        if not training or self.rate == 0:
            return inputs
        dropped = round(self.rate * _LEVELS)
        count = tf.size(inputs)
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        pairs = tf.random.stateless_uniform(((count + 1) // 2,), seed, minval=None, maxval=None, dtype=tf.uint32)
        draws = tf.reshape(tf.reshape(tf.bitcast(pairs, tf.uint16), (-1,))[:count], tf.shape(inputs))
        kept = tf.cast(draws >= tf.cast(dropped, tf.uint16), inputs.dtype)
        return inputs * (kept * (_LEVELS / (_LEVELS - dropped)))


@keras.saving.register_keras_serializable(package="aigc_tf")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis, with TensorFlow's fused operation in training.

    When synchronized, the replicas exchange one message in the forward pass and one in the backward pass, where Keras
    sends three and two; replicas have equal shares of a batch.
    """

    stands_for = keras.layers.BatchNormalization

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Inputs `[batch, ..., channels]`."""
        usual = self.center and self.scale and self.axis in (-1, len(inputs.shape) - 1)
        if not (training and self.trainable and usual and mask is None):
            return super().call(inputs, training=training, mask=mask)
        outputs, *statistics = self._by_all(inputs) if self.synchronized else self._fused(inputs)
        for moving, batch in zip((self.moving_mean, self.moving_variance), statistics, strict=True):
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return outputs

    def _fused(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Outputs, and mean and variance of the batch."""
        channels = inputs.shape[-1]
        normalised, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            tf.reshape(inputs, (-1, 1, 1, channels)) if len(inputs.shape) != 4 else inputs,
            self.gamma.value,
            self.beta.value,
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        # The operation returns the unbiased estimate of the variance; Keras uses the batch's own.
        return tf.reshape(normalised, tf.shape(inputs)), mean, variance * ((count - 1) / count)

    def _by_all(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Outputs, and mean and variance over the batches of all replicas."""
        axes = list(range(len(inputs.shape) - 1))
        own = tf.stack([tf.reduce_mean(inputs, axes), tf.reduce_mean(tf.square(inputs), axes)])
        mean, squares = tf.unstack(replicas.mean(own))
        variance = tf.maximum(squares - tf.square(mean), 0.0)
        outputs = tf.nn.batch_normalization(inputs, mean, variance, self.beta, self.gamma, self.epsilon)
        return outputs, mean, variance


@keras.saving.register_keras_serializable(package="aigc_tf")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` of stride 2 with few input channels, by space-to-depth and a convolution of stride 1."""

    stands_for = keras.layers.Conv2D

    def convolution_op(self, inputs: tf.Tensor, kernel: Any) -> tf.Tensor:
        """The convolution alone; Keras calls this before it adds the bias and applies the activation."""
        if not _halves(self) or inputs.shape[-1] > FEW_CHANNELS or inputs.shape[1] % 2 or inputs.shape[2] % 2:
            return super().convolution_op(inputs, kernel)
        leads, pairs = zip(*(_pairs(size) for size in self.kernel_size), strict=True)
        # [pairs, 2, pairs, 2, in, out] -> [pairs, pairs, 4 * in, out], in the order of space_to_depth
        weights = tf.transpose(_in_pairs(kernel, leads, pairs), (0, 2, 1, 3, 4, 5))
        weights = tf.reshape(weights, (*pairs, 4 * inputs.shape[-1], self.filters))
        # Kernels reach (size - 2) // 2 pixels back, TensorFlow's padding of "same".
        before = [((size - 2) // 2 + lead) // 2 for size, lead in zip(self.kernel_size, leads, strict=True)]
        return tf.nn.conv2d(tf.nn.space_to_depth(inputs, 2), weights, 1, _padding(before, pairs))


@keras.saving.register_keras_serializable(package="aigc_tf")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` of stride 2 to few channels, or of stride 1 with many over small square images.

    The former is a convolution to four times as many channels and depth-to-space; the latter runs in the frequency
    domain.
    """

    stands_for = keras.layers.Conv2DTranspose

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`[batch, height, width, channels]` -> `[batch, stride * height, stride * width, filters]`."""
        if self.output_padding is None and _halves(self) and self.filters <= FEW_CHANNELS:
            outputs = self.dealt_out(inputs)
        elif self.output_padding is None and self.is_spectral(inputs):
            outputs = spectral.transposed_convolution(inputs, self.kernel)
        else:
            return super().call(inputs)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def is_spectral(self, inputs: tf.Tensor) -> bool:
        """Whether the frequency domain is faster; for smaller kernels it is not in small batches."""
        usual = _is_usual(self) and self.strides == (1, 1) and self.kernel_size in ((5, 5), (7, 7))
        return usual and spectral.pays(inputs.shape, self.filters)

    def dealt_out(self, inputs: tf.Tensor) -> tf.Tensor:
        """An ordinary convolution followed by depth_to_space."""
        leads, pairs = zip(*(_pairs(size) for size in self.kernel_size), strict=True)
        # [pairs, 2, pairs, 2, out, in], flipped -> [pairs, pairs, in, 4 * out], in the order of depth_to_space
        weights = tf.reverse(_in_pairs(self.kernel, leads, pairs), [0, 2])
        weights = tf.transpose(weights, (0, 2, 5, 1, 3, 4))
        weights = tf.reshape(weights, (*pairs, inputs.shape[-1], 4 * self.filters))
        cut = [((size - 2) // 2 + lead) // 2 for size, lead in zip(self.kernel_size, leads, strict=True)]
        before = [count - 1 - skipped for count, skipped in zip(pairs, cut, strict=True)]
        return tf.nn.depth_to_space(tf.nn.conv2d(inputs, weights, 1, _padding(before, pairs)), 2)


def _is_usual(layer: Any) -> bool:
    usual = layer.padding == "same" and layer.data_format == "channels_last" and getattr(layer, "groups", 1) == 1
    return usual and layer.dilation_rate == (1, 1)


def _halves(layer: Any) -> bool:
    """Whether a layer has stride 2, a kernel size of at least 2, and no unusual options."""
    return _is_usual(layer) and layer.strides == (2, 2) and min(layer.kernel_size) >= 2


def _pairs(size: int) -> tuple[int, int]:
    """Leading zeros that align a kernel of `size` to an even pixel, and how many pairs of taps it then has."""
    lead = (size - 2) // 2 % 2
    return lead, (size + lead + 1) // 2


def _in_pairs(kernel: Any, leads: tuple[int, ...], pairs: tuple[int, ...]) -> tf.Tensor:
    """`[height, width, a, b]` -> `[pairs, 2, pairs, 2, a, b]`, padded with zeros."""
    kernel = tf.convert_to_tensor(kernel)
    margins = [
        [lead, 2 * count - lead - size] for lead, count, size in zip(leads, pairs, kernel.shape[:2], strict=True)
    ]
    padded = tf.pad(kernel, [*margins, [0, 0], [0, 0]])
    return tf.reshape(padded, (pairs[0], 2, pairs[1], 2, *kernel.shape[2:]))


def _padding(before: list[int], sizes: tuple[int, ...]) -> list[list[int]]:
    """Padding of `[batch, height, width, channels]` with which a kernel of `sizes` keeps height and width."""
    rows, columns = ([lead, size - 1 - lead] for lead, size in zip(before, sizes, strict=True))
    return [[0, 0], rows, columns, [0, 0]]


def plain(network: keras.Model) -> keras.Model:
    """The network rebuilt from Keras's own layers, with the same weights; itself if it has no others."""
    copies: list[tuple[Any, Any]] = []

    def copy(layer: Any) -> Any:
        if not hasattr(layer, "stands_for"):
            return layer
        copies.append((layer, layer.stands_for.from_config(layer.get_config())))
        return copies[-1][1]

    if not any(hasattr(layer, "stands_for") for layer in flat_layers(network)):
        return network
    network = keras.models.clone_model(network, clone_function=copy, recursive=True)
    for layer, twin in copies:
        twin.set_weights(layer.get_weights())
    return network
