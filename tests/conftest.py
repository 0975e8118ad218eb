"""What the tests share: a tiny recipe, and pictures to train it on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from aigc_tf.metrics.images import small_network
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings

# A busy machine is no fault of the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True, scope="session")
def short_training() -> Iterator[None]:
    """Feature networks are trained just long enough to move every weight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_network, "training_steps", lambda images: 4)
        yield


@pytest.fixture
def tiny() -> DCGAN:
    """A DCGAN that trains a step in milliseconds."""
    return dataclasses.replace(
        DCGAN.tiny(),
        steps=6,
        logging=LoggingSettings(scalars_every=1, samples_every=1000, evaluate_every=1000),
        checkpoints=CheckpointSettings(every=1000),
    )


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `.npz` of 200 grey pictures of 16x16: discs of random place and size."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16]
    centres, radii = random.uniform(4, 12, (200, 2)), random.uniform(2, 5, 200)
    distances = np.hypot(rows - centres[:, 0, None, None], columns - centres[:, 1, None, None])
    images = np.where(distances < radii[:, None, None], 255, 0).astype(np.uint8)
    path = tmp_path_factory.mktemp("data") / "discs.npz"
    np.savez(path, images=images)
    return path
