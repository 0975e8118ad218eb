"""Relative increases of errors, and their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aigc_tf.export import VerificationError
from aigc_tf.export.quality.change import Call, checked, relative_rise
from aigc_tf.export.verify import Arrays


def giving(value: float) -> Call:
    return lambda name, inputs: {"error": inputs["unit"] * value}


def error(call: Call) -> float:
    found: Arrays = call("step", {"unit": np.ones(3)})
    return float(found["error"].mean())


def test_a_rise_up_to_the_limit_is_accepted() -> None:
    found = relative_rise("error in metres", error, checked(giving(2.0), giving(2.5)), "int8", 0.3)
    assert found == {"measure": "error in metres", "before": 2.0, "after": 2.5, "change": 0.25, "limit": 0.3}
    assert relative_rise("error", error, checked(giving(2.0), giving(1.0)), "int8", 0.0)["change"] == -0.5
    with pytest.raises(
        VerificationError, match=r"raises the error from 2 to 2.5, by 25.0%; export_limits.int8 .* 20.0%"
    ):
        relative_rise("error", error, checked(giving(2.0), giving(2.5)), "int8", 0.2)


@pytest.mark.parametrize(
    ("network", "file", "where"),
    [(1.0, math.nan, "in the file"), (1.0, math.inf, "in the file"), (math.nan, 1.0, "Keras")],
)
def test_numbers_that_are_not_finite_are_refused(network: float, file: float, where: str) -> None:
    with pytest.raises(VerificationError, match=rf"step, .*{where}: 3 of 3 numbers of error are not finite"):
        relative_rise("error", error, checked(giving(network), giving(file)), "dynamic", math.inf)
