"""LIME and SHAP maps of known functions, and messages when they are not installed."""

from __future__ import annotations

import importlib.util
import sys

import keras
import numpy as np
import pytest
from scipy.cluster.hierarchy import is_valid_linkage

from aigc_tf.errors import InputError
from aigc_tf.families.judges import Judgement
from aigc_tf.trust.fidelity import Case, check
from aigc_tf.trust.judged import Judged
from aigc_tf.trust.libraries import halves, methods_by
from aigc_tf.trust.maps import integrated_gradients
from aigc_tf.trust.texts import JudgedText
from tests.trust.test_maps import IMAGES, SIDE, judged
from tests.trust.test_texts import TOKENS, model  # noqa: F401

BOTH = ("lime", "shap")
needs_lime, needs_shap = (  # not imported: aigc_tf.trust.libraries imports them without compilation
    pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed") for name in BOTH
)


@pytest.fixture(scope="module")
def network() -> Judged:
    """A non-linear network with two classes."""
    keras.utils.set_random_seed(4)
    layers = [keras.layers.Conv2D(4, 3, activation="tanh"), keras.layers.Flatten(), keras.layers.Dense(2)]
    return judged(*layers, names=("cat", "dog"))


@needs_shap
def test_shap_gradients_are_integrated_gradients_up_to_the_draws(network: Judged):
    (case, *_) = network.cases(IMAGES)
    state = np.random.get_state()[1].copy()
    found = methods_by(["shap"], network)["SHAP, gradients"](case)
    assert np.corrcoef(found.ravel(), integrated_gradients(network, case).ravel())[0, 1] > 0.999
    after, before = network.outputs(np.stack([case.value, case.reference]))[:, case.label]
    assert found.sum() == pytest.approx(after - before, rel=0.02)
    assert np.array_equal(np.random.get_state()[1], state)


@needs_shap
def test_shap_partitions_add_up_to_the_difference_of_the_value(network: Judged):
    """Efficiency of Owen values; for a linear score they are its terms, once every position is evaluated."""
    (case, *_) = network.cases(IMAGES)
    found = methods_by(["shap"], network)["SHAP, partitions"](case)
    after, before = network.values(np.stack([case.value, case.reference]), case.label)
    assert found.shape == (SIDE, SIDE) and found.sum() == pytest.approx(after - before, abs=1e-6)
    weights = np.arange(12.0).reshape(4, 3, 1) - 5
    dense = keras.layers.Dense(1, use_bias=False)
    given = keras.Input((4, 3, 1))
    linear = Judged(Judgement(keras.Model(given, dense(keras.layers.Flatten()(given))), "a score"))
    linear.network.set_weights([weights.reshape(-1, 1)])
    parts = methods_by(["shap"], linear)["SHAP, partitions"](Case(np.ones((4, 3, 1), "f"), np.zeros((4, 3, 1), "f"), 0))
    np.testing.assert_allclose(parts, weights[..., 0], atol=1e-5)


@needs_lime
def test_lime_weighs_the_half_that_counts():
    """A picture of four uniform quadrants, one of which determines the score; masked areas equal the reference."""
    brightness = judged(keras.layers.Cropping2D(((0, 7), (0, 7))), keras.layers.GlobalAveragePooling2D())
    value = np.zeros((SIDE, SIDE, 1), "f")
    value[:7, :7], value[7:, 7:], value[:7, 7:] = 1.0, 0.6, 0.3
    case = Case(value, np.full_like(value, -1.0), 0)
    found = methods_by(["lime"], brightness)["LIME"](case)
    np.testing.assert_array_equal(found, methods_by(["lime"], brightness)["LIME"](case))
    assert found.shape == (SIDE, SIDE)
    unchanged = methods_by(["lime"], brightness)["LIME"](Case(value, value, 0))
    np.testing.assert_allclose(unchanged, 0, atol=1e-6)
    inside = found[:7, :7]
    assert inside.mean() > 10 * np.abs(found[7:]).mean() and inside.min() > np.abs(found[7:]).max()


@needs_lime
@needs_shap
def test_words_that_decide_have_the_largest_weights(model):  # noqa: F811
    text = JudgedText(model)
    case = text.case(TOKENS)
    occlusion = text.methods()["occlusion"](case)
    for name, method in methods_by(BOTH, text).items():
        found = method(case)
        assert found.shape == TOKENS.shape and abs(found[0]) < 0.2 * np.abs(found).max(), name
        assert np.corrcoef(found, occlusion)[0, 1] > 0.6, name
    assert set(methods_by(BOTH, text)) == {"LIME", "SHAP, partitions"}
    owen = methods_by(["shap"], text)["SHAP, partitions"](case)
    after, before = text.values(np.stack([case.value, case.reference]), case.label)
    assert owen.sum() == pytest.approx(after - before, abs=1e-5)


@needs_lime
@needs_shap
def test_libraries_are_checked_like_our_own(network: Judged):
    methods = methods_by(BOTH, network)
    found = check(network, methods, network.cases(IMAGES[:4]), shuffled=1, with_edges=False)
    assert set(found.methods) == {"LIME", "SHAP, gradients", "SHAP, partitions"}
    for name, fidelity in found.methods.items():
        assert fidelity.curves.area > 0 and fidelity.agreement[2].signed < 0.5, name


def test_what_is_not_installed_is_named(network: Judged, monkeypatch: pytest.MonkeyPatch):
    for library, module in (("lime", "lime"), ("shap", "numba")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=rf"--also {library} the package {library} is needed: .*\[explain\]"):
            methods_by([library], network)


@needs_lime
def test_lime_is_not_for_series():
    given = keras.Input((5, 2))
    series = Judged(Judgement(keras.Model(given, keras.layers.Dense(1)(keras.layers.Flatten()(given))), "a score"))
    with pytest.raises(InputError, match="leave it out of --also"):
        methods_by(["lime"], series)


def test_places_are_halved_along_the_longer_side():
    tree = halves((2, 4))
    assert is_valid_linkage(tree) and tree[-1, 3] == 8 and sorted(tree[:, 3]) == [2, 2, 2, 2, 4, 4, 8]
    assert halves((1,)).shape == (0, 4)
