"""Limits on the quality loss of quantized photograph models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.export.quality.photos import photo_quality
from aigc_tf.export.verify import VerificationError
from aigc_tf.recipes.photos import PhotoLimit, PhotoLimits
from aigc_tf.recipes.upscale import Upscale

SKY, TEXTURE = 0.5, 0.25
ERRORS = np.float32([0.0001, 0.05])
"""Errors of the network: almost none on the sky crop."""


class Crops:
    """A crop of plain sky and one of texture, 8x8 pixels."""

    def unit_crops(self, part: str, count: int, side: int) -> np.ndarray:
        return np.stack([np.full((side, side, 3), value, np.float32) for value in (SKY, TEXTURE)])


def network(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"restored": inputs["image"] + ERRORS[:, np.newaxis, np.newaxis, np.newaxis]}


class Model(SimpleNamespace):
    scale = 1

    def signatures(self, source: Any) -> dict[str, Any]:
        return {"restore": SimpleNamespace(outputs=("restored",), model=network, function=network)}

    def examples(self, crops: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        return {"image": crops}

    def truth(self, crops: np.ndarray) -> np.ndarray:
        return crops


def measured(monkeypatch: pytest.MonkeyPatch, file_error: float, allowed_db: float) -> dict[str, Any]:
    def file(name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        made = network(inputs)["restored"]
        signs = np.indices(made.shape).sum(axis=0) % 2 * 2 - 1
        return {"restored": made + file_error * signs.astype(np.float32)}

    monkeypatch.setattr(
        "aigc_tf.export.quality.photos.networks_of", lambda signatures: lambda _, inputs: network(inputs)
    )
    recipe = dataclasses.replace(
        Upscale.tiny(), export_limits=PhotoLimits(crops=2, int8=PhotoLimit(psnr_db=allowed_db))
    )
    runner: Any = SimpleNamespace(map=file, inputs=lambda name: {"image": ((1, 8, 8, 3), None)})
    model: Any = Model()
    source: Any = Crops()
    return photo_quality(model, source, recipe, runner, "int8")["restore"]


def test_a_crop_of_plain_sky_does_not_outweigh_the_others(monkeypatch: pytest.MonkeyPatch):
    """8-bit steps of 1/512 cost 26 dB on the sky only, where they are invisible."""
    found = measured(monkeypatch, 1 / 512, allowed_db=0.1)
    assert found["before"] == pytest.approx(-10 * np.log10(np.square(ERRORS).mean()), abs=0.01)
    assert -0.1 < found["change"] < 0


def test_what_is_seen_is_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(VerificationError, match="it may fall by 1: choose quantize float16"):
        measured(monkeypatch, 0.03, allowed_db=1.0)


def test_less_than_a_level_of_256_is_accepted_however_good_the_network_is(monkeypatch: pytest.MonkeyPatch):
    """A network with 80 dB loses 26 dB by steps too small to show in an 8-bit picture."""
    monkeypatch.setattr("tests.export.quality.test_photos.ERRORS", np.float32([1e-4, 1e-4]))
    found = measured(monkeypatch, 0.9 / 255, allowed_db=1.0)
    assert found["change"] < -20 and found["psnr_between_db"] > 48.13
    with pytest.raises(VerificationError):
        measured(monkeypatch, 1.1 / 255, allowed_db=1.0)
