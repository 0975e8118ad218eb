"""Verification of exported files: accepted, refused and reported differences."""

from typing import Any

import numpy as np
import pytest

from aigc_tf.export.verify import Limits, VerificationError, comparable, compare, compare_order, run_sequence
from aigc_tf.families.base import Signature
from aigc_tf.metrics.ranks import rank_correlation

ZEROS = {"image": np.zeros((4, 2), "float32")}


def signature(**facts: Any) -> Signature:
    return Signature(None, {}, {}, lambda count, seed: {}, **facts)  # type: ignore[arg-type]


def test_figures() -> None:
    answer = {"image": np.array([[0.0, 0.5], [0, 0], [0, 0], [0, -0.3]], "float32")}
    found = compare("file", ZEROS, answer, ("largest", 0.6))
    assert found["largest"] == 0.5
    assert found["mean"] == pytest.approx(0.1)
    with pytest.raises(VerificationError, match=r"image differs from Keras by 0\.5"):
        compare("file", ZEROS, answer, ("largest", 0.4))
    compare("file", ZEROS, answer, ("mean", 0.11))
    with pytest.raises(VerificationError, match="mean"):
        compare("file", ZEROS, answer, ("mean", 0.09))


def test_the_bound_grows_with_large_values_of_that_output_alone() -> None:
    reference = {"large": np.full((3, 1), 100.0), "small": np.zeros((3, 1))}
    compare("file", reference, {"large": np.full((3, 1), 100.5), "small": np.zeros((3, 1))}, ("largest", 1e-2))
    with pytest.raises(VerificationError, match="small differs"):
        compare("file", reference, {"large": np.full((3, 1), 100.0), "small": np.full((3, 1), 0.5)}, ("largest", 1e-2))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_fails_on_either_side(bad: float) -> None:
    broken = {"image": np.array([[0, 0], [0, bad], [0, 0], [0, 0]], "float32")}
    with pytest.raises(VerificationError, match="in the file: 1 of 8 numbers of image are not finite"):
        compare("file", ZEROS, broken, ("mean", 1e9))
    with pytest.raises(VerificationError, match="in Keras: 1 of 8"):
        compare("file", broken, broken, ("mean", 1e9))


def test_other_shapes_and_names_fail() -> None:
    with pytest.raises(VerificationError, match="expected"):
        compare("file", ZEROS, {"image": np.zeros((4, 1), "float32")}, ("largest", 1.0))
    with pytest.raises(VerificationError, match="outputs are"):
        compare("file", ZEROS, {"picture": ZEROS["image"]}, ("largest", 1.0))


def test_a_sequence_feeds_its_own_state_back() -> None:
    def step(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"total": inputs["state"] + inputs["value"]}

    inputs = {"value": np.arange(6.0)[:, None], "state": np.full((6, 1), 10.0)}
    found = run_sequence(step, inputs, {"total": "state"}, batch=2)
    # two sequences side by side: 0, 2, 4 and 1, 3, 5, both from 10
    np.testing.assert_array_equal(found["total"].ravel(), [10, 11, 12, 14, 16, 19])


def test_limits_by_quantization() -> None:
    limits = Limits()
    assert limits.bound("none", signature()) == ("largest", 1e-5)
    assert limits.bound("none", signature(), recurrent=True) == ("largest", 1e-4)
    assert limits.bound("float16", signature()) == ("largest", 2e-3)
    assert limits.bound("none", signature(passes=10)) == ("largest", pytest.approx(1e-4))
    assert limits.bound("float16", signature(passes=10)) == ("largest", pytest.approx(2e-2))
    assert limits.bound("int8", signature())[0] == limits.bound("dynamic", signature(), recurrent=True)[0] == "mean"


def test_scores_have_to_keep_their_order() -> None:
    reference = {"score": np.arange(100.0)}
    assert compare_order("file", reference, {"score": np.exp(np.arange(100) / 9)}, ["score"], Limits()) == {
        "ranks": pytest.approx(1),
        "ceiling": 0,
    }
    coarse = {"score": np.arange(100) // 3}
    found = compare_order("file", reference, coarse, ["score"], Limits())
    assert 0.99 < found["ranks"] < 1 and found["ceiling"] == pytest.approx(0, abs=0.02)
    shuffled = {"score": np.random.default_rng(0).permutation(100)}
    with pytest.raises(VerificationError, match=r"file: score ranks .* is -?0\.\d+, at least 0\.98 is needed"):
        compare_order("file", reference, shuffled, ["score"], Limits())
    # A fifth of all scores at the maximum barely changes the rank correlation.
    saturated = {"score": np.minimum(np.arange(100), 80)}
    assert rank_correlation(reference["score"], saturated["score"]) > 0.98
    with pytest.raises(VerificationError, match=r"and 19\.0% too many have the highest score, the limit is 5\.0%"):
        compare_order("file", reference, saturated, ["score"], Limits())


def test_places_are_compared_by_what_stands_there() -> None:
    ordered = signature(places={"items": "scores"})
    scores = np.array([[0.5, 0.5000001, 0.1]])
    keras = {"items": np.array([[1, 0]]), "scores": scores}
    swapped = comparable(ordered, keras, {"items": np.array([[0, 1]]), "scores": scores})
    compare("file", *swapped, ("largest", 1e-5))
    wrong = comparable(ordered, keras, {"items": np.array([[1, 2]]), "scores": scores})
    with pytest.raises(VerificationError, match=r"items differs from Keras by 0\.4"):
        compare("file", *wrong, ("largest", 1e-5))
    with pytest.raises(VerificationError, match="items holds 1 to 3, and scores has 3 places"):
        comparable(ordered, keras, {"items": np.array([[1, 3]]), "scores": scores})


def test_what_is_compared_of_an_output_is_compared_on_the_mean() -> None:
    heard = signature(compared={"sound": np.abs}, passes=16)
    assert Limits().bound("none", heard) == ("mean", pytest.approx(1.6e-4))
    sound = np.linspace(-1, 1, 100)
    pair = comparable(heard, {"sound": sound}, {"sound": -sound})
    assert compare("file", *pair, Limits().bound("none", heard))["largest"] == 0
    with pytest.raises(VerificationError, match="sound differs"):
        compare("file", *comparable(heard, {"sound": sound}, {"sound": 0.99 * sound}), Limits().bound("none", heard))
