"""Bits per dimension against a simple density model."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.metrics.images.flows import gaussian_bits


def test_independent_gaussians_cost_their_entropy() -> None:
    levels = np.random.default_rng(0).normal(128, 20, (4000, 5, 4, 1)).round().clip(0, 255).astype(np.uint8)
    entropy = 0.5 * np.log2(2 * np.pi * np.e * 20**2)  # in levels
    assert gaussian_bits(levels[:2000], levels[2000:]) == pytest.approx(entropy, abs=0.02)
    assert gaussian_bits(levels[:2000], 255 - levels[2000:] // 2) > entropy + 1
