"""Convolutions over small images in the frequency domain: a tenth of the multiplications for kernels of 5x5."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

# Beyond these, the transforms cost more than they save.
FEWEST_CHANNELS, LARGEST_SIZE = 32, 8


def pays(shape: tuple[int | None, ...], filters: int) -> bool:
    """Whether images `[batch, height, width, channels]` are square, small and of many channels."""
    _, height, width, channels = shape
    small = height is not None and height == width and height <= LARGEST_SIZE
    return small and min(channels or 0, filters) >= FEWEST_CHANNELS


def transposed_convolution(images: tf.Tensor, kernel: Any) -> tf.Tensor:
    """Conv2DTranspose of stride 1, zero-padded to "same": y[p] = sum over t of x[p - t] k[t].

    Args:
        images: `[batch, size, size, in]`.
        kernel: `[taps, taps, out, in]`, taps an odd number; t counts from the middle one.

    Returns:
        `[batch, size, size, out]`.
    """
    size, channels = images.shape[1], images.shape[3]
    taps, filters = kernel.shape[0], kernel.shape[2]
    analysis, of_kernel, synthesis = spectrum(size, taps)
    numbers, batch = len(analysis), tf.shape(images)[0]
    pixels = tf.transpose(tf.reshape(images, (-1, size * size, channels)), (1, 0, 2))  # [pixels, batch, in]
    spectra = tf.reshape(tf.matmul(analysis, tf.reshape(pixels, (size * size, -1))), (numbers, batch, channels))
    weights = tf.matmul(of_kernel, tf.reshape(tf.convert_to_tensor(kernel), (taps * taps, -1)))
    weights = tf.reshape(weights, (numbers, filters, channels))
    products = tf.matmul(spectra, weights, transpose_b=True)  # [numbers, batch, out]
    outputs = tf.matmul(synthesis, tf.reshape(products, (numbers, -1)))
    outputs = tf.transpose(tf.reshape(outputs, (size * size, batch, filters)), (1, 0, 2))
    return tf.reshape(outputs, (batch, size, size, filters))


@cache
def spectrum(size: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The transposed convolution of one channel, as `synthesis @ ((analysis @ image) * (of_kernel @ kernel))`.

    The discrete Fourier transform is over a square large enough to avoid wrap-around. Of each pair of conjugate
    frequencies one is kept, as its real part, its imaginary part and their sum: three real products give a complex one
    (Gauss).

    Returns:
        float32 `[numbers, size²]`, `[numbers, taps²]` and `[size², numbers]`.
    """
    length = size + taps // 2
    square = [(u, v) for u in range(length) for v in range(length)]
    frequencies = np.array([(u, v) for u, v in square if (u, v) <= (-u % length, -v % length)])  # [frequencies, 2]
    # The conjugate frequency contributes the same real part.
    weights = np.where((frequencies == -frequencies % length).all(axis=1), 1, 2)[:, None, None] / length**2

    def parts(where: range) -> tuple[np.ndarray, np.ndarray]:
        """Real and imaginary parts of the transform of pixels at these rows and columns."""
        pixels = np.array([(row, column) for row in where for column in where])
        angles = 2 * np.pi / length * (frequencies @ pixels.T)
        return np.cos(angles), -np.sin(angles)

    def three(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
        return np.stack([real, imaginary, real + imaginary], axis=1)

    real, imaginary = parts(range(size))
    # The real parts give a, the imaginary ones b, the sums c: the product is (a - b) + (c - a - b) i.
    back = weights * np.stack([real - imaginary, -real - imaginary, imaginary], axis=1)
    analysis, of_kernel, synthesis = (
        matrix.reshape(3 * len(frequencies), -1).astype(np.float32)
        for matrix in (three(real, imaginary), three(*parts(range(-(taps // 2), taps // 2 + 1))), back)
    )
    return analysis, of_kernel, np.ascontiguousarray(synthesis.T)
