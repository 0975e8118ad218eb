"""The Keras internals that `aigc_tf.nn.keras_internals` relies on are as expected."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aigc_tf.nn import fast_layers, keras_internals
from aigc_tf.nn.optimizers import FusedAdam

CHANGED = "Keras changed"


def two_ways() -> keras.Model:
    """A network with a nested network, a wrapper, and two paths of different length."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="inside")], name="inner")
    x = keras.Input((4,), name="x")
    short = layers.Dense(4, name="short")(x)
    wrapped = layers.SpectralNormalization(layers.Dense(4, name="wrapped"), name="wrapper")(inner(x))
    return keras.Model(x, layers.Add(name="sum")([short, wrapped]), name="outer")


def test_flat_layers_are_all_of_them() -> None:
    network = two_ways()
    names = {layer.name for layer in keras_internals.flat_layers(network)}
    assert {"outer", "inner", "inside", "wrapper", "wrapped", "short", "sum"} <= names, (
        f"{CHANGED} Layer._flatten_layers: it lists {sorted(names)}"
    )
    without = {layer.name for layer in keras_internals.flat_layers(network, include_self=False)}
    assert names - without == {"outer"}, f"{CHANGED} _flatten_layers(include_self=False): it lists {sorted(without)}"


def test_functional_networks_are_told_from_others() -> None:
    class Own(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    x = keras.Input((2,))
    told = [keras_internals.is_functional(made) for made in (keras.Model(x, x + 1), Own(), layers.Dense(2))]
    assert told == [True, False, False], f"{CHANGED} keras.src.models.functional.Functional: {told}"

    class Further(type(keras.Model(x, x + 1))):  # type: ignore[misc]
        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            return super().call(inputs, training, mask) + 1

    assert not keras_internals.is_functional(Further(x, x + 1)), f"{CHANGED} Functional: a subclass's call is its own"


def test_nodes_come_behind_those_that_they_read() -> None:
    network = two_ways()
    nodes = list(keras_internals.nodes_in_order(network))
    known: set[int] = set()
    for node in nodes:
        assert node.is_input or {id(tensor) for tensor in node.input_tensors} <= known, (
            f"{CHANGED} Functional._nodes_by_depth: {node.operation.name} comes before what it reads"
        )
        known.update(id(tensor) for tensor in node.outputs)
    names = {node.operation.name for node in nodes}
    assert names == {"x", "short", "inner", "wrapper", "sum"}, f"{CHANGED} Functional._nodes_by_depth: it has {names}"
    (last,) = (node for node in nodes if node.operation.name == "sum")
    assert last.arguments.args == (last.input_tensors,) and not last.arguments.kwargs, (
        f"{CHANGED} Node.arguments: the arguments of a call were {last.arguments.args}, {last.arguments.kwargs}"
    )


def test_adams_moments_are_those_of_the_variable() -> None:
    variables = [keras.Variable(np.zeros(shape, "float32")) for shape in (2, 3)]
    optimizer = keras.optimizers.Adam(0.1, beta_1=0.5, beta_2=0.75)
    optimizer.build(variables)
    gradients = [tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0, 5.0])]
    optimizer.apply(gradients, variables)
    for variable, gradient in zip(variables, gradients, strict=True):
        mean, square = keras_internals.adam_moments(optimizer, variable)
        message = f"{CHANGED} Adam._momentums, ._velocities or ._get_variable_index"
        np.testing.assert_allclose(mean, 0.5 * gradient, rtol=1e-6, err_msg=message)
        np.testing.assert_allclose(square, 0.25 * gradient**2, rtol=1e-6, err_msg=message)


def test_fit_builds_no_model_that_asks_it_not_to() -> None:
    """Under a strategy it would call the model symbolically, on the mean of the devices' batches."""

    class Model(keras.Model):
        called = False

        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x: Any) -> Any:
            self.called = True
            return self.dense(x)

        def train_step(self, data: Any) -> dict[str, Any]:
            return {"loss": tf.constant(0.0)}

    batches = tf.data.Dataset.from_tensors((np.zeros((1, 2), "float32"), np.zeros((1, 2), "float32")))
    with tf.distribute.OneDeviceStrategy("cpu:0").scope():
        usual, skipping = Model(), Model()
        for model in (usual, skipping):
            model.compile(loss="mse", optimizer=None, jit_compile=False)
    keras_internals.skip_symbolic_build(skipping)
    for model in (usual, skipping):
        model.fit(batches, verbose=0, shuffle=False)
    assert usual.called, f"{CHANGED} Trainer._maybe_symbolic_build: fit no longer builds models, the patch can go"
    assert not skipping.called, f"{CHANGED} Trainer._maybe_symbolic_build: fit builds the model by another method"


def test_seed_states_are_all_seeds_and_nothing_else() -> None:
    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.noise_seed = keras.random.SeedGenerator(1, name="noise_seed")
            self.dropout = layers.Dropout(0.5, seed=2)
            self.dense = layers.Dense(2)
            self.dense.build((None, 2))

    model = Model()
    states = keras_internals.seed_states(model)
    expected = [model.noise_seed.state, model.dropout.seed_generator.state]
    assert {id(state) for state in states} == {id(state) for state in expected}, (
        f"{CHANGED} the names of seed generators' states: found {[state.path for state in states]}"
    )


@pytest.mark.parametrize(
    ("owner", "method", "parameters"),
    [
        (keras.optimizers.Adam, "_get_current_learning_rate", ["self"]),
        (keras.optimizers.Adam, "_backend_update_step", ["self", "grads", "trainable_variables", "learning_rate"]),
        (keras.layers.Conv2D, "convolution_op", ["self", "inputs", "kernel"]),
    ],
)
def test_methods_that_are_overridden_are_there(owner: type, method: str, parameters: list[str]) -> None:
    found = getattr(owner, method, None)
    assert found is not None, f"{CHANGED} {owner.__name__}: it has no {method} any more"
    assert list(inspect.signature(found).parameters) == parameters, f"{CHANGED} {owner.__name__}.{method}'s parameters"


def test_adam_calls_what_fused_adam_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    variable = keras.Variable(np.zeros(2, "float32"))
    optimizer = FusedAdam(0.1)
    optimizer.share_of_rate = lambda _: 0.25
    optimizer.build([variable])
    called = []
    update = FusedAdam.update_step
    monkeypatch.setattr(FusedAdam, "update_step", lambda *args: (called.append(args[3]), update(*args))[1])
    own = vars(FusedAdam)["_backend_update_step"]
    updates = []
    monkeypatch.setattr(FusedAdam, "_backend_update_step", lambda *args: (updates.append(1), own(*args))[1])
    optimizer.apply([tf.constant([1.0, -1.0])], [variable])
    assert updates == [1], f"{CHANGED} Optimizer.apply: it does not call _backend_update_step once"
    assert [float(rate) for rate in called] == [pytest.approx(0.025)], (
        f"{CHANGED} Optimizer.apply: the learning rate is not _get_current_learning_rate's"
    )
    # Adam's first update is the learning rate in the gradient's direction (Kingma & Ba 2015, algorithm 1).
    np.testing.assert_allclose(variable, [-0.025, 0.025], rtol=1e-4)


def test_conv2d_calls_what_the_fast_one_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "convolution_op" in vars(fast_layers.Conv2D)
    layer = fast_layers.Conv2D(2, 3, strides=2, padding="same", activation="relu", bias_initializer="ones")
    called = []
    monkeypatch.setattr(
        fast_layers.Conv2D, "convolution_op", lambda _, x, kernel: (called.append(1), tf.zeros((1, 2, 2, 2)) - 0.5)[1]
    )
    found = layer(np.zeros((1, 4, 4, 1), "float32"))
    assert called == [1], f"{CHANGED} Conv2D.call: it does not call convolution_op once"
    np.testing.assert_array_equal(found, 0.5, err_msg=f"{CHANGED} Conv2D.call: bias and activation come behind")
