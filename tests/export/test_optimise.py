"""The optimised network is equivalent to the original."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_tf.export.graph import run
from aigc_tf.export.optimise import optimise
from aigc_tf.export.transposed import plan_axis
from tests.export.conftest import dcgan_generator, randomise

layers = keras.layers
Report = list[dict[str, str]]

properties = settings(max_examples=40, deadline=None, derandomize=True)
strides, kernels, sizes = st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)
paddings, flags = st.sampled_from(["same", "valid"]), st.booleans()


def check(network: keras.Model, batch: int = 2) -> tuple[keras.Model, Report]:
    """Optimise a network with random statistics and compare on random inputs."""
    randomise(network)
    rng = np.random.default_rng(1)
    inputs = [rng.standard_normal((batch, *tensor.shape[1:])).astype("float32") for tensor in network.inputs]
    weights = [weight.copy() for weight in network.get_weights()]
    optimised, report = optimise(network, batch)
    assert [tuple(tensor.shape) for tensor in optimised.inputs] == [values.shape for values in inputs]
    for expected, got in zip(answers(network, inputs), answers(optimised, inputs), strict=True):
        assert got.shape == expected.shape
        assert np.abs(got - expected).max(initial=0) <= 1e-5 * max(1.0, np.abs(expected).max(initial=0))
    for before, after in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)  # inputs are not modified
    return optimised, report


def answers(network: keras.Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(output) for output in run(network, inputs)]


def kinds(network: keras.Model) -> list[str]:
    return [type(operation).__name__ for operation in network.operations if type(operation).__name__ != "InputLayer"]


def network_of(shape: tuple[int, ...], *parts: keras.layers.Layer) -> keras.Model:
    x = inputs = keras.Input(shape)
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


@properties
@given(
    height=sizes, width=sizes, kernel=st.tuples(kernels, kernels), stride=strides, padding=paddings, bias=flags,
    activation=st.sampled_from([None, "tanh", "softmax"]), normalised=flags,
)  # fmt: skip
def test_transposed_convolutions_are_rewritten_exactly(
    height: int,
    width: int,
    kernel: tuple[int, int],
    stride: int,
    padding: str,
    bias: bool,
    activation: str,
    normalised: bool,
) -> None:
    transposed = layers.Conv2DTranspose(
        4, kernel, stride, padding, use_bias=bias, activation=activation, bias_initializer="random_normal"
    )
    behind = [layers.BatchNormalization()] if normalised else []
    optimised, report = check(network_of((height, width, 5), transposed, *behind))
    assert {"layer": transposed.name, "action": "rewritten"}.items() <= report[-1].items()
    assert "Conv2DTranspose" not in kinds(optimised)
    if activation is None:
        assert "BatchNormalization" not in kinds(optimised)


@pytest.mark.parametrize("kernel", range(1, 10))
@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_rewritten_kernel_is_as_small_as_can_be(kernel: int, stride: int, padding: str) -> None:
    plan = plan_axis(kernel, stride, padding)
    assert plan.size == -(-kernel // stride)
    assert sorted(tap for _, _, tap in plan.taps) == list(range(kernel))
    assert min(plan.padding) >= 0


LINEAR: dict[str, Callable[..., keras.layers.Layer]] = {
    "dense": lambda padding, stride, kernel, bias: layers.Dense(6, use_bias=bias, bias_initializer="random_normal"),
    "conv": lambda padding, stride, kernel, bias: layers.Conv2D(
        6, kernel, stride, padding, use_bias=bias, bias_initializer="random_normal"
    ),
    "depthwise": lambda padding, stride, kernel, bias: layers.DepthwiseConv2D(
        kernel, stride, padding, depth_multiplier=2, use_bias=bias, bias_initializer="random_normal"
    ),
    "transposed": lambda padding, stride, kernel, bias: layers.Conv2DTranspose(
        6, kernel, stride, padding, use_bias=bias, bias_initializer="random_normal"
    ),
}


@properties
@given(
    kind=st.sampled_from(sorted(LINEAR)), padding=paddings, stride=st.integers(1, 3), kernel=st.integers(1, 4),
    bias=flags, scale=flags, center=flags, before=flags,
)  # fmt: skip
def test_normalisation_is_folded_on_either_side(
    kind: str, padding: str, stride: int, kernel: int, bias: bool, scale: bool, center: bool, before: bool
) -> None:
    linear = LINEAR[kind](padding, stride, kernel, bias)
    normalisation = layers.BatchNormalization(scale=scale, center=center)
    parts = [normalisation, linear] if before else [linear, normalisation]
    optimised, report = check(network_of((5, 6, 4), *parts))
    assert "BatchNormalization" not in kinds(optimised)
    assert report[0]["action"] == "folded"
    if not before:
        assert "Add" not in kinds(optimised)


def test_normalisation_before_a_padded_convolution_leaves_an_add() -> None:
    optimised, _ = check(network_of((6, 6, 3), layers.BatchNormalization(), layers.Conv2D(4, 3, padding="same")))
    assert kinds(optimised) == ["Add", "Conv2D"]
    optimised, _ = check(network_of((6, 6, 3), layers.BatchNormalization(), layers.Conv2D(4, 1, padding="same")))
    assert kinds(optimised) == ["Conv2D"]


def test_a_dead_channel_before_a_padded_convolution_stays() -> None:
    network = network_of((6, 6, 3), layers.BatchNormalization(), layers.Conv2D(4, 3, padding="same"))
    randomise(network)
    rng = np.random.default_rng(0)
    network.layers[1].gamma.assign([0.0, 1.0, 2.0])
    images = rng.standard_normal((2, 6, 6, 3)).astype("float32")
    optimised, report = optimise(network, 2)
    assert kinds(optimised) == ["BatchNormalization", "Conv2D"]
    assert report[0]["action"] == "left" and "scale 0" in report[0]["detail"]
    np.testing.assert_allclose(run(optimised, [images])[0], run(network, [images])[0], atol=1e-5)


def test_an_activation_between_blocks_the_fold_and_is_reported() -> None:
    network = network_of((8,), layers.Dense(5), layers.LeakyReLU(), layers.BatchNormalization(), layers.ReLU())
    optimised, report = check(network)
    assert "BatchNormalization" in kinds(optimised)
    assert [entry["action"] for entry in report] == ["left"]


def test_reshape_and_flatten_carry_the_fold() -> None:
    optimised, _ = check(
        network_of((8,), layers.Dense(2 * 3 * 4), layers.Reshape((2, 3, 4)), layers.BatchNormalization())
    )
    assert kinds(optimised) == ["Dense", "Reshape"]
    optimised, _ = check(network_of((2, 3, 4), layers.BatchNormalization(), layers.Flatten(), layers.Dense(5)))
    assert kinds(optimised) == ["Flatten", "Dense"]
    optimised, _ = check(
        network_of((6, 6, 1), layers.Rescaling(2.0, -1.0), layers.Conv2D(3, 3), layers.Rescaling(0.5, 0.5))
    )
    assert kinds(optimised) == ["Conv2D"]


def test_training_only_layers_go() -> None:
    parts = [
        layers.GaussianNoise(0.1),
        layers.Conv2D(3, 3),
        layers.SpatialDropout2D(0.5),
        layers.ActivityRegularization(0.1),
        layers.Flatten(),
        layers.GaussianDropout(0.1),
        layers.Dense(4),
        layers.Activation("linear"),
        layers.Dropout(0.5),
    ]
    optimised, report = check(network_of((6, 6, 2), *parts))
    assert kinds(optimised) == ["Conv2D", "Flatten", "Dense"]
    assert [entry["action"] for entry in report] == ["removed"] * 5


def test_skips_branches_several_inputs_and_outputs() -> None:
    left, right = keras.Input((6, 6, 3), name="left"), keras.Input((6, 6, 3), name="right")
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(left))
    skip = layers.ReLU()(x)
    y = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", use_bias=False)(skip))
    joined = layers.Concatenate()([layers.Add()([y, skip]), right, 2.0 * right])
    up = layers.Conv2DTranspose(2, 4, 2, "same")(joined)
    # the first output has other consumers, too: the normalisation after it must not be folded into it
    first = layers.Conv2D(3, 3, name="first")(joined)
    second = layers.BatchNormalization(name="second")(first)
    optimised, report = check(keras.Model([left, right], [first, second, up]))
    assert kinds(optimised).count("BatchNormalization") == 1
    assert {"layer": "second", "action": "left"}.items() <= next(e for e in report if e["layer"] == "second").items()


def test_shared_layers_are_folded_only_if_every_use_allows_it() -> None:
    a, b = keras.Input((5,)), keras.Input((5,))
    dense, normalisation = layers.Dense(4), layers.BatchNormalization()
    optimised, _ = check(keras.Model([a, b], [normalisation(dense(a)), normalisation(dense(b))]))
    assert kinds(optimised) == ["Dense"]

    a, b = keras.Input((5,)), keras.Input((5,))
    dense, normalisation = layers.Dense(4), layers.BatchNormalization()
    optimised, report = check(keras.Model([a, b], [normalisation(dense(a)), dense(b)]))
    assert "BatchNormalization" in kinds(optimised)
    assert "also used without it" in report[0]["detail"]

    a, b = keras.Input((5, 5, 3)), keras.Input((4, 6, 3))
    transposed = layers.Conv2DTranspose(8, 3, 2)
    optimised, _ = check(keras.Model([a, b], [transposed(a), transposed(b)]))
    assert kinds(optimised).count("Conv2D") == 1


def test_nested_models_are_flattened_even_when_called_twice() -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="same_name"), layers.BatchNormalization()])
    middle_input = keras.Input((4,))
    middle = keras.Model(middle_input, layers.ReLU()(layers.Dense(4, name="same_name")(inner(middle_input))))
    x = inputs = keras.Input((4,))
    optimised, _ = check(keras.Model(inputs, middle(middle(x))))
    assert sorted(kinds(optimised)) == ["Dense", "Dense", "ReLU"]
    check(inner)


def test_a_recurrent_cell_and_attention_pass_through_unharmed() -> None:
    x = inputs = keras.Input((5, 6))
    x = layers.LSTM(4, return_sequences=True)(x)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    check(keras.Model(inputs, x))


def test_the_generator_is_four_plain_layers_for_any_batch() -> None:
    optimised, report = check(dcgan_generator(6, (8, 8, 8)), batch=3)
    assert [kind for kind in kinds(optimised) if kind in ("Dense", "Conv2D")] == ["Dense"] + ["Conv2D"] * 3
    assert not {"BatchNormalization", "Conv2DTranspose"} & set(kinds(optimised))
    assert [entry["action"] for entry in report] == ["folded"] * 3 + ["rewritten"] * 3


def test_a_network_without_a_graph_is_refused() -> None:
    class Subclassed(keras.Model):
        def call(self, inputs: object) -> object:
            return inputs

    with pytest.raises(ValueError, match="is not a Functional"):
        optimise(Subclassed(name="subclassed"), 1)
