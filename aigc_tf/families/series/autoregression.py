"""The linear autoregressive model: least squares, forecasts, samples."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.series.source import Scaling, SeriesSource
from aigc_tf.data.source import Batch
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.judges import Judgement, Judges
from aigc_tf.families.series.linear_process import LinearProcess
from aigc_tf.families.series.networks.linear_autoregression import LinearAutoregression
from aigc_tf.families.tasks import Draws, Forecasts
from aigc_tf.modalities.drawing import bars
from aigc_tf.modalities.plots import forecast_picture, sequences_picture
from aigc_tf.modalities.series import Series
from aigc_tf.nn import replicas
from aigc_tf.recipes.ar import AR

GENERATED = 200  # time steps by default
BURN_IN = 500  # discarded steps, so that the start at the mean is forgotten
PREVIEWED = 4
PREVIEWED_STEPS = 100

# Directions in which the lags vary by less than the square root of this share of the largest are float32 rounding
# errors.
MIN_SHARE = 1e-12
MIN_DEVIATION = 1e-6  # of the noise, in standardised units; less is rounding, too


class Autoregression(Forecasts, Draws, Judges, GenerativeModel):
    """The AR(p) model x_t = c + Σ θ_i x_{t-i} + ε_t with normal ε_t, for each series separately (002 §3.3, §4.3).

    Gradient descent is slow along directions in which neighbouring lags hardly differ. The maximum-likelihood solution
    is that of least squares, so a step adds its windows to the sums of the normal equations and solves these: recursive
    least squares (Plackett 1950) with several rows at a time. The result is exact when every window was seen equally
    often: with all of them in a batch from the first step on, with smaller batches after each epoch.

    Args:
        recipe: its order and seed.
        network: state in the series' own units and noise -> the next value's mean and the new state.
        scaling: of the series.
    """

    def __init__(self, recipe: AR, network: keras.Model, scaling: Scaling) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.network, self.scaling = recipe, network, scaling
        self.linear: LinearAutoregression = network.get_layer("autoregression")
        series, rows = len(scaling.names), recipe.series.length + 2
        sums = {"initializer": "zeros", "dtype": "float64", "trainable": False}
        # Sums of pairwise products of 1, the lags and the value, over all windows so far.
        self.moments = self.add_weight(shape=(series, rows, rows), name="moments", **sums)
        self.ready()

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """None are needed."""
        return {}

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Add `series`, standardised windows `[batch, order + 1, series]`, to the sums, and solve for the weights."""
        windows = batch["series"]
        values = tf.cast(tf.transpose(windows, (2, 0, 1)), tf.float64)  # [series, batch, order + 1]
        # [series, batch, order + 2]: 1, the previous values, latest first, and the value itself
        rows = tf.concat([tf.ones_like(values[..., :1]), values[..., -2::-1], values[..., -1:]], axis=-1)
        self.moments.assign_add(replicas.total(tf.matmul(rows, rows, transpose_a=True)))
        solution, variance = solve(tf.convert_to_tensor(self.moments))
        self.linear.intercept.assign(solution[:, 0])
        self.linear.coefficients.assign(tf.transpose(solution[:, 1:]))
        self.linear.deviation.assign(tf.maximum(tf.sqrt(variance), MIN_DEVIATION))
        return self.test_step(batch)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """One-step prediction of the last values of `series`, standardised windows. Changes nothing.

        Returns:
            `loss`, the NLL in nats per value, and `rmse`, both in standardised units.
        """
        windows = batch["series"]
        errors = tf.cast(windows[:, -1] - self.linear.mean(windows[:, :-1]), tf.float64)  # [batch, series]
        deviation = tf.convert_to_tensor(self.linear.deviation)
        nats = 0.5 * tf.square(errors / deviation) + tf.math.log(deviation) + 0.5 * math.log(2 * math.pi)
        return {"loss": tf.reduce_mean(nats), "rmse": tf.sqrt(tf.reduce_mean(tf.square(errors)))}

    @property
    def takes(self) -> Series:
        """A history."""
        return Series(self.scaling, self.recipe.series)

    @property
    def gives(self) -> Series:
        """Sequences."""
        return Series(self.scaling, self.recipe.series)

    def process(self) -> LinearProcess:
        """The model in the series' own units, in float64."""
        linear, scaling = self.linear, self.scaling
        coefficients = linear.coefficients.numpy()
        # In deviations from the mean the coefficients are the same; c is chosen so that the mean corresponds to the
        # mean of the standardised series.
        intercept = linear.intercept.numpy() * scaling.deviation + scaling.mean * (1 - coefficients.sum(axis=0))
        return LinearProcess(intercept, coefficients, linear.deviation.numpy() * scaling.deviation)

    def forecast(self, history: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the next values, and their standard deviation around it, both float64 `[steps, series]`.

        Args:
            history: `[time, series]` in the series' own units, at least as long as the order.
            steps: number of steps.

        Raises:
            InputError: the history is too short, or of other series.
        """
        process = self.process()
        return process.forecast(self._checked(history), steps), process.forecast_deviation(steps)

    def sample_forecast(self, history: np.ndarray, steps: int, count: int, seed: int = 0) -> np.ndarray:
        """Sample paths after a history, each with its own noise: float64 `[count, steps, series]`; see `forecast`."""
        return self.process().sample(self._checked(history), steps, count, np.random.default_rng(seed))

    def judgement(self) -> Judgement:
        """The forecast of the first series' next value, with the series' means as the baseline of explanations."""
        state = keras.Input(self.network.inputs[0].shape[1:], name="input")
        mean, _ = self.network([state, ops.zeros_like(state[:, 0])])
        meaning = f"the next value of {self.scaling.names[0]}"
        at_the_mean = partial(np.full_like, fill_value=self.scaling.mean)
        return Judgement(keras.Model(state, mean[:, :1], name="judge"), meaning, reference=at_the_mean)

    def _checked(self, history: np.ndarray) -> np.ndarray:
        order, series = self.recipe.series.length, len(self.scaling.names)
        if history.ndim != 2 or len(history) < order or history.shape[1] != series:
            found = list(history.shape)
            raise InputError(f"history is of shape {found}: expected at least {order} steps of {series} series")
        return history

    def generate(self, count: int, seed: int = 0, condition: Any = None, steps: int = GENERATED) -> np.ndarray:
        """New sequences: float32 `[count, steps, series]` in the series' own units; the same for the same seed.

        They start at the mean. If all series are stationary, a burn-in is discarded; non-stationary ones leave the mean
        for good, and begin there.
        """
        self.refuse_condition(condition)
        process = self.process()
        burn_in = BURN_IN if process.largest_roots().max() < 1 else 0
        start = np.broadcast_to(self.scaling.mean, (self.recipe.series.length, len(self.scaling.names)))
        paths = process.sample(start, burn_in + steps, count, np.random.default_rng(seed))
        return paths[:, burn_in:].astype(np.float32)

    def previews(self, source: SeriesSource) -> dict[str, Any]:
        """Samples, a forecast of the beginning of the validation part, and the coefficients of the first series."""
        history, future = source.train[-PREVIEWED_STEPS:], source.watched[:PREVIEWED_STEPS]
        names, first = self.scaling.names, self.linear.coefficients.numpy()[:, 0]
        context = source.train[-max(PREVIEWED_STEPS, self.recipe.series.length) :]
        forecast = self.forecast(context, len(future))
        return {
            "samples": sequences_picture(self.generate(PREVIEWED), names),
            "forecast": forecast_picture(history, future, *forecast, names),
            "coefficients": bars(first, "lag, time steps", f"coefficient of {names[0]}"),
        }

    def export_metadata(self) -> dict[str, Any]:
        """The names of the series, and the standard deviation of their noise in their own units."""
        return {"series": list(self.scaling.names), "noise_deviation": self.process().deviation.tolist()}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`step`: the last values and noise -> the mean of the next value, and the last values for the next step."""
        order, series = self.recipe.series.length, len(self.scaling.names)

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            noise = random.standard_normal((count, series), dtype=np.float32)
            if source is None:
                return {"state": self.generate(count, seed, steps=order), "noise": noise}
            starts = random.integers(len(source.watched) - order + 1, size=count)
            return {"state": source.watched[starts[:, None] + np.arange(order)].astype(np.float32), "noise": noise}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            made = examples(count, seed)
            return made | {"state": self.takes.strange(made["state"], seed)}

        own = "in the series' own units"
        inputs = {
            "state": TensorSpec((order, series), f"the last values, the latest last, {own}"),
            "noise": TensorSpec((series,), "independent standard normal numbers to sample, zeros to forecast"),
        }
        outputs = {
            "mean": TensorSpec((series,), f"of the next value, {own}"),
            "new_state": TensorSpec((order, series), f"the last values with the next one, including its noise, {own}"),
        }
        return {"step": Signature(self.network, inputs, outputs, examples, {"new_state": "state"}, strange=strange)}


def solve(moments: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Least squares by the normal equations.

    Args:
        moments: float64 `[series, order + 2, order + 2]`, sums over all windows of pairwise products of 1, the lags and
            the value.

    Returns:
        The intercept and the coefficients, `[series, order + 1]`: the minimum-norm solution. And the mean squared error
        `[series]`.
    """
    gram, products = moments[:, :-1, :-1], moments[:, :-1, -1:]
    strengths, directions = tf.linalg.eigh(gram)  # ascending
    counts = strengths > MIN_SHARE * strengths[:, -1:]
    inverse = tf.where(counts, 1 / tf.where(counts, strengths, 1), 0)[..., tf.newaxis]
    solution = tf.matmul(directions, inverse * tf.matmul(directions, products, transpose_a=True))
    explained = tf.reduce_sum(solution * products, axis=(1, 2))
    return solution[..., 0], tf.maximum(moments[:, -1, -1] - explained, 0) / moments[:, 0, 0]
