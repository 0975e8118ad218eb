"""Attribution maps of known scores, and faithfulness checks of good and bad maps."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.families.judges import Judgement, blurred
from aigc_tf.trust.fidelity import EDGES, RANDOM, Agreement, Case, Curves, Fidelity, check, curves, edges
from aigc_tf.trust.judged import Judged
from aigc_tf.trust.maps import grad_cam, integrated_gradients, methods_for, occlusion, smooth_grad
from aigc_tf.trust.surrogate import surrogate

SIDE = 14
RANDOM_NUMBERS = np.random.default_rng(0)
WEIGHTS = RANDOM_NUMBERS.standard_normal((SIDE, SIDE, 1)).astype("f")
IMAGES = RANDOM_NUMBERS.random((12, SIDE, SIDE, 1)).astype("f")


def judged(*layers: keras.layers.Layer, names: tuple[str, ...] = ()) -> Judged:
    given = outputs = keras.Input((SIDE, SIDE, 1))
    for layer in layers:
        outputs = layer(outputs)
    return Judged(Judgement(keras.Model(given, outputs), "a score", names, np.zeros_like))


@pytest.fixture(scope="module")
def linear() -> Judged:
    dense = keras.layers.Dense(1, use_bias=False)
    found = judged(keras.layers.Flatten(), dense)
    found.network.set_weights([WEIGHTS.reshape(-1, 1)])
    return found


def test_of_a_linear_score_gradients_name_each_part(linear: Judged):
    (case, *_) = linear.cases(IMAGES)
    np.testing.assert_allclose(integrated_gradients(linear, case), (WEIGHTS * IMAGES[0])[..., 0], atol=1e-5)
    np.testing.assert_allclose(smooth_grad(linear, case), np.abs(WEIGHTS)[..., 0], atol=1e-5)


def test_integrated_gradients_add_up_to_the_difference():
    """The axiom of completeness (Sundararajan et al. 2017, §3)."""
    keras.utils.set_random_seed(1)
    network = judged(keras.layers.Conv2D(4, 3, activation="tanh"), keras.layers.Flatten(), keras.layers.Dense(1))
    (case, *_) = network.cases(IMAGES)
    after, before = network.outputs(np.stack([case.value, case.reference]))[:, 0]
    assert integrated_gradients(network, case).sum() == pytest.approx(after - before, rel=0.01)


def test_occlusion_finds_the_only_pixel_that_counts(linear: Judged):
    only = judged(keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False))
    weights = np.zeros_like(WEIGHTS)
    weights[5, 9] = 3.0
    only.network.set_weights([weights.reshape(-1, 1)])
    found = occlusion(only, Case(np.ones_like(WEIGHTS), np.zeros_like(WEIGHTS), 0))
    assert found[5, 9] == pytest.approx(3.0) and found.shape == (SIDE, SIDE)
    rows, columns = np.nonzero(found)
    assert abs(rows - 5).max() <= 1 and abs(columns - 9).max() <= 1  # patches are two pixels wide


def test_grad_cam_weighs_maps_by_their_mean_gradient():
    """With global average pooling and a dense layer after the maps, their weights are those of the layer."""
    keras.utils.set_random_seed(2)
    layers = [keras.layers.Conv2D(3, 2, 2), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    network = judged(*layers)
    (case, *_) = network.cases(IMAGES)
    maps, _ = network.with_maps(case.value[None])
    expected = tf.nn.relu(maps @ layers[2].kernel.value / maps.shape[1] ** 2)
    np.testing.assert_allclose(grad_cam(network, case), tf.image.resize(expected, (SIDE, SIDE))[0, ..., 0], atol=1e-6)


def test_grad_cam_is_left_out_without_maps(linear: Judged):
    assert set(methods_for(linear)) == {"integrated gradients", "SmoothGrad", "occlusion"}
    with pytest.raises(ValueError, match="no maps"):
        grad_cam(linear, linear.cases(IMAGES)[0])


def test_edges_are_where_brightness_changes():
    step = np.zeros((6, 6, 1), "f")
    step[:, 3:] = 1.0
    np.testing.assert_array_equal(np.flatnonzero(edges(Case(step, step, 0))[0]), [2, 3])
    assert not edges(Case(np.ones((6, 6, 3), "f"), step, 0)).any()


def test_blurred_pictures_keep_their_mean_and_lose_their_detail():
    found = blurred(IMAGES)
    assert found.mean() == pytest.approx(IMAGES.mean(), abs=0.01) and found.std() < 0.3 * IMAGES.std()


def test_deletion_falls_fastest_in_the_order_of_the_parts(linear: Judged):
    (case, *_) = linear.cases(IMAGES)
    parts = (WEIGHTS * case.value)[..., 0]
    best = curves(linear, case, parts)
    score, nothing = linear.outputs(np.stack([case.value, case.reference]))[:, 0]
    assert best.deletion[[0, -1]] == pytest.approx([score, nothing], abs=1e-4)
    assert best.insertion[[0, -1]] == pytest.approx([nothing, score], abs=1e-4)
    for ranking in (-parts, RANDOM_NUMBERS.random(parts.shape), np.abs(parts)):
        other = curves(linear, case, ranking)
        assert (other.deletion >= best.deletion - 1e-4).all() and (other.insertion <= best.insertion + 1e-4).all()


def test_a_check_tells_what_depends_on_the_weights(linear: Judged):
    before = linear.network.get_weights()
    methods = methods_for(linear) | {"drawn edges": edges}
    found = check(linear, methods, linear.cases(IMAGES), shuffled=3)
    good, bad = found.methods["integrated gradients"], found.methods["drawn edges"]
    assert good.verdict.startswith("is faithful") and not good.faults
    assert all(lead > 2 * error for lead, error in good.leads.values()) and set(good.leads) == {RANDOM, EDGES}
    assert bad.verdict.startswith("do not rely on it") and bad.agreement[1].signed == pytest.approx(1)
    assert good.agreement[1].signed < 0.3
    assert any("shuffled" in fault for fault in bad.faults) and any(EDGES in fault for fault in bad.faults)
    np.testing.assert_array_equal(linear.network.get_weights()[0], before[0])


def test_a_map_that_looks_alike_with_other_weights_is_said_to():
    nothing = Curves(np.zeros(11), np.zeros(11))
    leads = {RANDOM: (1.0, 0.1), EDGES: (1.0, 0.1)}
    found = {
        name: Fidelity(nothing, leads, {1: Agreement(0.9, 0.9), 4: last}).verdict
        for name, last in {
            "new": Agreement(0.0, 0.2),
            "outline": Agreement(0.0, 0.7),
            "old": Agreement(0.6, 0.6),
        }.items()
    }
    assert found["new"].endswith("it depends on the trained weights")
    assert found["outline"].endswith("its outline is the input's own all the same (ρ of absolute values 0.70)")
    assert found["old"] == "do not rely on it: with all weights shuffled its maps stay alike (ρ 0.60)"
    assert "no more than edges" in Fidelity(nothing, leads | {EDGES: (0.1, 0.06)}, {}).verdict


def test_one_input_is_not_enough_to_be_sure(linear: Judged):
    found = check(linear, methods_for(linear), linear.cases(IMAGES[:1]), shuffled=0)
    assert all(one.faults for one in found.methods.values())


def test_layers_are_shuffled_one_after_the_other_from_the_last_and_put_back():
    network = judged(keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1))
    first, _, last, _ = (array.copy() for array in network.network.get_weights())
    with network.shuffled(0) as layers:
        next(layers)
        kernel, _, dense, _ = network.network.get_weights()
        assert np.array_equal(kernel, first) and not np.array_equal(dense, last)
        assert sorted(dense.ravel()) == sorted(last.ravel())
        assert len(list(layers)) == 1 and not np.array_equal(network.network.get_weights()[0], first)
    assert np.array_equal(network.network.get_weights()[0], first)


def test_the_area_is_between_the_curves():
    assert Curves(np.zeros(11), np.ones(11)).area == pytest.approx(1)
    assert Curves(np.linspace(1, 0, 11), np.linspace(0, 1, 11)).area == pytest.approx(0)


def test_answers_have_names():
    keras.utils.set_random_seed(3)
    network = judged(keras.layers.Flatten(), keras.layers.Dense(2), names=("cat", "dog"))
    (case, *_) = network.cases(IMAGES)
    probabilities = tf.nn.softmax(network.outputs(IMAGES[:1]))[0].numpy()
    assert network.named(case) == f"{('cat', 'dog')[case.label]} {probabilities.max():.3g}"
    assert network.values(IMAGES[:1], 0) + network.values(IMAGES[:1], 1) == pytest.approx([1])


def test_a_tree_learns_a_rule_that_is_one_and_not_one_that_is_none():
    pytest.importorskip("sklearn")
    brightness = judged(keras.layers.Cropping2D(((0, 12), (0, 12))), keras.layers.GlobalAveragePooling2D())
    pictures = RANDOM_NUMBERS.random((600, SIDE, SIDE, 1)).astype("f")
    simple = surrogate(brightness, pictures[:400], pictures[400:])
    assert simple.fidelity > 0.97 and simple.constant == 0 and "row 1, column 1 of 7" in simple.rules
    spread = judged(keras.layers.Flatten(), keras.layers.Dense(1))
    assert surrogate(spread, pictures[:400], pictures[400:]).fidelity < 0.3
