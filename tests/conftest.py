"""Shared fixtures: a tiny recipe, and pictures to train it on."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from aigc_tf.data.images.opening import open_source
from aigc_tf.export import Runner, check_saved_model, verify
from aigc_tf.metrics.images import small_network
from aigc_tf.metrics.images.trained import rotation_network
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings

# Full training runs, exports of every recipe, several processes, kills: `pytest -m "not slow"` skips them.
SLOW = (
    "tests/benchmarks/test_every_call.py",
    "tests/benchmarks/test_exports.py",
    "tests/benchmarks/test_fuzz.py",
    "tests/benchmarks/test_step_speed.py",
    "tests/benchmarks/test_transfer.py",
    "tests/cli/test_augment.py",
    "tests/cli/test_autoencoder.py",
    "tests/cli/test_command.py",
    "tests/cli/test_conditional.py",
    "tests/cli/test_options.py",
    "tests/cli/test_text.py",
    "tests/engine/test_distribution.py",
    "tests/engine/test_federation.py",
    "tests/engine/test_guard.py",
    "tests/engine/test_quality.py",
    "tests/engine/test_start_from.py",
    "tests/engine/test_tensorboard.py",
    "tests/engine/test_training.py",
    "tests/engine/test_unread.py",
    "tests/export/test_causality.py",
    "tests/export/test_run_export.py",
    "tests/export/test_sequences.py",
    "tests/export/test_tflite_demo.py",
    "tests/export/test_web.py",
    "tests/export/test_writer.py",
    "tests/families/text/test_classification.py",
    "tests/families/text/test_language_model.py",
    "tests/families/text/test_seqgan.py",
    "tests/families/text/seq2seq/test_networks.py",
    "tests/families/text/test_text_vae.py",
    "tests/runs/test_recovery.py",
    "tests/test_contract.py",
    "tests/test_learning.py",
    "tests/test_new_family.py",
    "tests/test_notebook.py",
    "tests/test_printed.py",
    "tests/test_systems.py",
    "tests/test_wheel.py",
)
CONTRACT = "tests/test_contract.py"

# No deadlines: the machine may be busy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow tests and run them first, so that parallel workers finish at about the same time."""
    for item in items:
        if item.nodeid.partition("::")[0] in SLOW or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


class ByFile(LoadScopeScheduling):
    """Schedules whole files, and the contract by recipe, so that no module fixture is created twice."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        return file + test[test.find("[") :] if file == CONTRACT and "[" in test else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Scheduler for `-n 2`."""
    return ByFile(config, log)


@pytest.fixture(autouse=True, scope="session")
def saved_models_run_here() -> Iterator[None]:
    """Check SavedModels in this process, unless a test wants another: starting TensorFlow takes most of the time."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        check_saved_model.main(*command[-3:])
        return subprocess.CompletedProcess(command, 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "subprocess", SimpleNamespace(run=run))
        yield


@pytest.fixture
def saved_models_run_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check SavedModels in a process of their own, as users' exports do."""
    monkeypatch.setattr(verify, "subprocess", subprocess)


@pytest.fixture(autouse=True, scope="session")
def short_timing() -> Iterator[None]:
    """Time few calls of an exported file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Runner.latency.__kwdefaults__, "seconds", 0.02)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A separate cache: no test reads or writes the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_TF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        yield


@pytest.fixture(autouse=True, scope="session")
def short_training() -> Iterator[None]:
    """Train feature networks just long enough to move every weight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_network, "training_steps", lambda images: 4)
        yield


@pytest.fixture
def tiny() -> DCGAN:
    """A DCGAN whose training steps take milliseconds."""
    return dataclasses.replace(
        DCGAN.tiny(),
        steps=6,
        logging=LoggingSettings(scalars_every=1, samples_every=1000, evaluate_every=1000, evaluate_samples=20),
        checkpoints=CheckpointSettings(every=1000),
    )


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `.npz` of 200 grey 16x16 pictures: discs of random position and size."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16]
    centres, radii = random.uniform(4, 12, (200, 2)), random.uniform(2, 5, 200)
    distances = np.hypot(rows - centres[:, 0, None, None], columns - centres[:, 1, None, None])
    images = np.where(distances < radii[:, None, None], 255, 0).astype(np.uint8)
    path = tmp_path_factory.mktemp("data") / "pictures.npz"
    np.savez(path, images=images)
    return path


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Limits the file size in bytes until the test ends: as on a full disk, but with another error."""
    import resource  # not on Windows

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="session")
def measured_pictures(pictures: Path, own_cache: None, short_training: None) -> Path:
    """`pictures`, with a feature network in the cache: other processes would train it for much longer."""
    source = open_source(dataclasses.replace(DCGAN.tiny(), source=str(pictures)))
    rotation_network(source, side=16)
    return pictures
