"""Magnitude pruning: a cubic schedule, smallest weights first, and zeros stay zero."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.engine.pruning import Pruning, mask_of, sparsity_at
from aigc_tf.recipes.vae import VAE


def test_the_share_of_zeros_rises_by_a_cube() -> None:
    assert [sparsity_at(step, 0.8, 10, 20) for step in (0, 10, 20, 99)] == [0, 0, 0.8, 0.8]
    assert sparsity_at(15, 0.8, 10, 20) == pytest.approx(0.8 * (1 - 0.5**3))


def test_the_smallest_weights_are_lost() -> None:
    kernel = np.array([[0.1, -3.0], [-0.2, 0.5]])
    np.testing.assert_array_equal(mask_of(kernel, 0.5), [[0, 1], [0, 1]])
    assert mask_of(kernel, 0.0).all()


def test_any_keras_model_is_pruned_and_learns_on() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(16)])
    model.compile("adam", "mse")
    inputs = np.random.default_rng(0).standard_normal((64, 16)).astype(np.float32)
    model.fit(inputs, inputs, batch_size=8, epochs=15, verbose=0, callbacks=[Pruning(0.75, last_step=60, every=5)])
    for layer in model.layers:
        assert np.mean(layer.kernel.numpy() == 0) == pytest.approx(0.75, abs=0.01)
        assert np.mean(layer.bias.numpy() == 0) < 0.1
    assert model.evaluate(inputs, inputs, verbose=0) < np.mean(inputs**2)


def test_the_moving_average_loses_the_same_weights(tmp_path) -> None:
    recipe = VAE.tiny()
    recipe = type(recipe)(**(vars(recipe) | {"steps": 8, "average_images": 100}))
    run = aigc_tf.train(recipe, tmp_path / "run", callbacks=[Pruning(0.5, last_step=4, every=2)])
    for network in (run.model.decoder, run.model.used_decoder):
        kernels = [weight.numpy() for weight in network.weights if weight.name == "kernel"]
        assert kernels and all(np.mean(kernel == 0) == pytest.approx(0.5, abs=0.01) for kernel in kernels)


@pytest.mark.parametrize(("fields", "message"), [((1.0, 10), "sparsity is 1"), ((0.5, 0), "in order")])
def test_what_cannot_be_is_refused(fields: tuple[float, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pruning(*fields)
