"""Adversarial attacks on linear scores with known optimum, and against Foolbox on a small network."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.trust.attacks import Loss, fgsm, pgd, square, start, within

RANDOM = np.random.default_rng(0)
EPSILON = 0.1
INPUTS = tf.constant(RANDOM.uniform(0.2, 0.8, (6, 5, 4, 1)).astype("f"))  # perturbations of EPSILON stay within [0, 1]
TARGETS = tf.constant([1.0, -1, 1, -1, 1, -1])


@pytest.fixture(scope="module")
def linear() -> tuple[Loss, np.ndarray]:
    given = keras.Input((5, 4, 1))
    layer = keras.layers.Dense(1, kernel_initializer=keras.initializers.RandomNormal(seed=1))
    network = keras.Model(given, layer(keras.layers.Flatten()(given)))
    return Loss(network, has_classes=False), layer.kernel.numpy().reshape(1, 5, 4, 1)


def moves(found: tf.Tensor) -> np.ndarray:
    return (found - INPUTS).numpy()


def test_in_linf_every_number_moves_by_epsilon_with_the_sign_of_its_weight(linear: tuple[Loss, np.ndarray]):
    loss, weights = linear
    best = EPSILON * np.sign(weights) * TARGETS.numpy().reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(moves(fgsm(loss, INPUTS, TARGETS, EPSILON)), best, atol=1e-6)
    np.testing.assert_allclose(moves(pgd(loss, INPUTS, TARGETS, EPSILON, steps=10)), best, atol=1e-6)


def test_in_l2_the_move_lies_along_the_weights(linear: tuple[Loss, np.ndarray]):
    loss, weights = linear
    best = EPSILON * weights / np.linalg.norm(weights) * TARGETS.numpy().reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(moves(fgsm(loss, INPUTS, TARGETS, EPSILON, "l2")), best, atol=1e-6)
    ends = moves(pgd(loss, INPUTS, TARGETS, EPSILON, 40, "l2"))
    assert ((ends * best).sum(axis=(1, 2, 3)) / EPSILON**2).min() > 0.97  # cosine with the optimal perturbation


def test_squares_find_most_of_what_gradients_find(linear: tuple[Loss, np.ndarray]):
    loss, _ = linear

    def gain(found: tf.Tensor) -> float:
        return float(tf.reduce_mean(loss.values(found, TARGETS) - loss.values(INPUTS, TARGETS)))

    best = gain(fgsm(loss, INPUTS, TARGETS, EPSILON))
    few, many = (gain(square(loss, INPUTS, TARGETS, EPSILON, queries)) for queries in (10, 400))
    assert few < many and 0.9 * best < many <= best + 1e-6


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_no_attack_leaves_the_ball_or_the_range(linear: tuple[Loss, np.ndarray], norm: str):
    loss, _ = linear
    edge = tf.constant(RANDOM.choice([0.0, 0.02, 1.0], INPUTS.shape).astype("f"))
    found = [fgsm(loss, edge, TARGETS, 0.3, norm), pgd(loss, edge, TARGETS, 0.3, 5, norm, restarts=2)]
    found += [square(loss, edge, TARGETS, 0.3, 20)] if norm == "linf" else []
    for moved in found:
        move = (moved - edge).numpy().reshape(len(edge), -1)
        assert np.linalg.norm(move, np.inf if norm == "linf" else 2, axis=1).max() <= 0.3 + 1e-5
        assert moved.numpy().min() >= 0 and moved.numpy().max() <= 1
    for moved in found[:2]:  # the gradient-based ones
        assert (loss.values(moved, TARGETS) >= loss.values(edge, TARGETS) - 1e-6).numpy().all()


def test_starts_fill_the_ball_and_moves_are_brought_back_to_it():
    lengths = np.linalg.norm(start((4000, 3), 2.0, "l2", RANDOM), axis=1)
    assert lengths.max() <= 2 and np.mean(lengths < 1) == pytest.approx(1 / 8, abs=0.02)  # (1/2)^3 of the volume
    assert np.abs(start((4000, 3), 2.0, "linf", RANDOM)).mean() == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(within(tf.constant([[3.0, 4.0]]), 1.0, "l2"), [[0.6, 0.8]], atol=1e-6)
    np.testing.assert_allclose(within(tf.constant([[0.1, 0.0]]), 1.0, "l2"), [[0.1, 0.0]])


def test_more_restarts_are_never_worse():
    given = keras.Input((3,))
    bumps = keras.layers.Dense(
        8, lambda x: tf.sin(9 * x), kernel_initializer=keras.initializers.RandomNormal(1.0, seed=2)
    )
    network = keras.Model(
        given, keras.layers.Dense(1, kernel_initializer=keras.initializers.RandomNormal(seed=3))(bumps(given))
    )
    loss, inputs, targets = Loss(network, False), tf.fill((20, 3), 0.5), tf.ones(20)
    one, five = (loss.values(pgd(loss, inputs, targets, 0.4, 10, restarts=count), targets) for count in (1, 5))
    assert (five >= one).numpy().all() and tf.reduce_mean(five - one) > 0.001


def test_accuracy_under_attack_is_that_of_foolbox(monkeypatch: pytest.MonkeyPatch):
    """A classifier of blobs, with equal settings: within one percentage point."""
    foolbox = pytest.importorskip("foolbox")
    # Its eagerpy uses a function that NumPy 2 removed.
    monkeypatch.setattr(np, "find_common_type", lambda arrays, _: np.result_type(*arrays), raising=False)
    random = np.random.default_rng(1)
    labels = np.arange(400) % 4
    images = np.clip(
        0.5
        + 0.13 * np.eye(4)[labels] @ random.standard_normal((4, 64)) * 0.5
        + 0.15 * random.standard_normal((400, 64)),
        0,
        1,
    )
    images = images.reshape(-1, 8, 8, 1).astype("f")
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(images, labels, epochs=15, verbose=0)
    loss, inputs, targets = Loss(network, has_classes=True), tf.constant(images), tf.constant(labels)
    model = foolbox.TensorFlowModel(network, bounds=(0, 1))

    def right(moved: tf.Tensor) -> float:
        return float(np.mean(network(moved).numpy().argmax(axis=1) == labels))

    def theirs(attack: object, epsilon: float) -> float:
        _, moved, _ = attack(model, inputs, tf.cast(targets, tf.int32), epsilons=epsilon)
        return right(moved)

    steps = 20
    settings = {"steps": steps, "rel_stepsize": 2.5 / steps, "random_start": True}
    assert right(inputs) > 0.9
    for norm, epsilon, fast, slow in (
        ("linf", 0.03, foolbox.attacks.LinfFastGradientAttack(), foolbox.attacks.LinfPGD(**settings)),
        ("l2", 0.25, foolbox.attacks.L2FastGradientAttack(), foolbox.attacks.L2PGD(**settings)),
    ):
        ours = (
            right(fgsm(loss, inputs, targets, epsilon, norm)),
            right(pgd(loss, inputs, targets, epsilon, steps, norm)),
        )
        assert min(ours) > 0.1 and max(ours) < 0.9
        assert ours == pytest.approx((theirs(fast, epsilon), theirs(slow, epsilon)), abs=0.01)
