"""Compares a quality figure of the float networks with that of the exported file, and limits the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aigc_tf.export.graph import traced
from aigc_tf.export.verify import Arrays, VerificationError, require_finite, run_keras
from aigc_tf.families.base import Signature

Call = Callable[[str, Arrays], Arrays]
"""Signature name and inputs by name -> outputs by name."""


def networks_of(signatures: Mapping[str, Signature], chunk: int = 64) -> Call:
    """The float networks of signatures, called with `chunk` examples at once; those of steps are compiled."""
    steps = {name: traced(signature.network, signature) for name, signature in signatures.items() if signature.feedback}

    def call(name: str, inputs: Arrays) -> Arrays:
        if name in steps:
            return steps[name](inputs)
        return run_keras(signatures[name].network, signatures[name], inputs, chunk)

    return call


def checked(networks: Call, file: Call) -> tuple[Call, Call]:
    """The float networks and the exported file; both raise VerificationError for NaN or infinite outputs."""
    return _finite("in Keras", networks), _finite("in the file", file)


def _finite(where: str, call: Call) -> Call:
    def finite(name: str, inputs: Arrays) -> Arrays:
        outputs = call(name, inputs)
        require_finite(f"{name}, {where}", outputs)
        return outputs

    return finite


def require_at_most(loss: float, allowed: float, message: str) -> None:
    """
    Raises:
        VerificationError: the loss is larger than what is allowed, or not a number.
    """
    if not loss <= allowed:
        raise VerificationError(message)


def relative_rise(
    measure: str, error: Callable[[Call], float], calls: tuple[Call, Call], quantize: str, allowed: float
) -> dict[str, Any]:
    """The relative increase of an error.

    Args:
        measure: name of the error, with its unit.
        error: computes it for the float networks or the file; positive, lower is better.
        calls: both, from `checked`.
        quantize: `dynamic` or `int8`.
        allowed: largest relative increase accepted.

    Returns:
        `measure`, `before`, `after`, `change` and `limit`.

    Raises:
        VerificationError: it increases by more, or numbers are not finite.
    """
    before, after = (error(call) for call in calls)
    change = after / before - 1
    require_at_most(
        change,
        allowed,
        f"quantize {quantize} raises the {measure} from {before:.4g} to {after:.4g}, by {change:.1%}; "
        f"export_limits.{quantize} allows {allowed:.1%}",
    )
    return {"measure": measure, "before": before, "after": after, "change": change, "limit": allowed}
