"""The linear autoregressive model of 002 §3.3 and §4.3 as a network."""

from __future__ import annotations

import keras
from keras import layers, ops

from aigc_tf.data.series.source import Scaling
from aigc_tf.families.series.networks.scaling import restore, standardise
from aigc_tf.recipes.ar import AR


def next_value(recipe: AR, scaling: Scaling) -> keras.Model:
    """State `[batch, order, series]` and noise `[batch, series]` -> the next value's mean `[batch, series]`, new state.

    The state is the last values in chronological order, in the series' own units; the new one ends with the mean plus
    the noise times the model's deviation. Internally, values are standardised: float16 would lose too much precision
    for series with little variation around a large mean.
    """
    order, series = recipe.series.length, len(scaling.names)
    state, noise = keras.Input((order, series), name="state"), keras.Input((series,), name="noise")
    mean, value = LinearAutoregression(name="autoregression")(standardise(scaling)(state), noise)
    in_own_units = restore(scaling)
    newest = layers.Reshape((1, series))(in_own_units(value))
    new_state = layers.Concatenate(axis=1)([state[:, 1:], newest]) if order > 1 else newest
    return keras.Model([state, noise], [in_own_units(mean), new_state], name="step")


class LinearAutoregression(layers.Layer):
    """c + Σ θ_i x_{t-i} + σ ε for each series separately.

    The weights are kept in float64, since the lags of a smooth series are so collinear that their coefficients need the
    precision; the layer computes in float32.
    """

    def build(self, state_shape: tuple[int | None, ...], noise_shape: tuple[int | None, ...]) -> None:
        """Create the weights, initially an intercept and coefficients of 0, and a deviation of 1."""
        _, order, series = state_shape
        self.intercept = self.add_weight(shape=(series,), initializer="zeros", dtype="float64", name="intercept")
        # The first row is for the previous value.
        shape = (order, series)
        self.coefficients = self.add_weight(shape=shape, initializer="zeros", dtype="float64", name="coefficients")
        self.deviation = self.add_weight(shape=(series,), initializer="ones", dtype="float64", name="deviation")

    def mean(self, state: keras.KerasTensor) -> keras.KerasTensor:
        """Values `[batch, order, series]` in chronological order -> the mean of the next, `[batch, series]`."""
        intercept, coefficients = (ops.cast(weight, state.dtype) for weight in (self.intercept, self.coefficients))
        return intercept + ops.sum(state * ops.flip(coefficients, axis=0), axis=1)

    def call(self, state: keras.KerasTensor, noise: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """The mean of the next value, and the value with standard normal noise added; all `[batch, series]`."""
        mean = self.mean(state)
        return mean, mean + ops.cast(self.deviation, state.dtype) * noise
