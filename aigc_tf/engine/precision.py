"""Mixed precision: convolutions and matrix products in bfloat16 while training, weights and losses in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Precision

_REWRITE = "auto_mixed_precision_onednn_bfloat16"
_CPU = Path("/proc/cpuinfo")
_INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}


def refuse_slow(precision: Precision) -> None:
    """Check that the CPU computes in this precision; others emulate bfloat16, which is slower than float32.

    Raises:
        InputError: it has no instructions for it, or the system does not list them.
    """
    known = set(_CPU.read_text().split()) if _CPU.exists() else set()
    if precision == "bfloat16" and not known & _INSTRUCTIONS:
        raise InputError(
            "precision is bfloat16, and this CPU is not known to have instructions for it (AVX512_BF16 or AMX): "
            "leave --precision out"
        )


@contextmanager
def computing(precision: Precision) -> Iterator[None]:
    """Functions called meanwhile are rewritten by TensorFlow's graph optimizer to compute in this precision.

    The rewrite casts to bfloat16 around oneDNN's convolutions and matrix products and around what lies between them;
    variables, gradients that reach them, and reductions stay float32. It needs no loss scaling: bfloat16 has the
    exponents of float32 (Kalamkar et al. 2019).
    """
    if precision == "float32":
        yield
        return
    tf.config.optimizer.set_experimental_options({_REWRITE: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({_REWRITE: False})
