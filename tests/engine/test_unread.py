"""Only `evaluate` reads the test part: training works with an unreadable one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.source import Source
from aigc_tf.metrics import cache
from aigc_tf.metrics.images import small_network
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.vae import VAE
from aigc_tf.references import parts_of

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (80, 16, 16, 1), np.uint8)
STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(200))
RUNS: dict[str, tuple[Recipe, Any]] = {
    "dcgan": (DCGAN.tiny(), PICTURES),  # trains a feature network, too
    "vae": (VAE.tiny(), PICTURES),
    "char_rnn": (CharRNN.tiny(), STORY),
    "ar": (AR.tiny(), RANDOM.standard_normal(300)),
}


class TestPartReadError(Exception):
    """The test part was read."""

    __test__ = False


class Unread:
    """Mock array of the test part: its shape may be read, its contents may not."""

    def __init__(self, array: np.ndarray) -> None:
        self.shape, self.dtype, self.ndim, self.size = array.shape, array.dtype, array.ndim, array.size

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> None:
        raise TestPartReadError

    def __array__(self, *options: Any, **named: Any) -> None:
        raise TestPartReadError

    def astype(self, *options: Any) -> None:
        raise TestPartReadError


def hidden(part: Any) -> Any:
    """A test part with unreadable arrays."""
    if isinstance(part, np.ndarray):
        return Unread(part)
    arrays = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    return dataclasses.replace(
        part, **{name: Unread(array) for name, array in arrays.items() if isinstance(array, np.ndarray)}
    )


def blind(open_source: Callable[..., Source]) -> Callable[..., Source]:
    """Opens sources with an unreadable test part; their fingerprint, which covers it, is computed before."""

    def opened(recipe: Recipe, data: Any = None) -> Source:
        source = open_source(recipe, data)
        other = dataclasses.replace(source, test=hidden(source.test))
        other.__dict__["fingerprint"] = source.fingerprint
        return other

    return opened


@pytest.mark.parametrize("name", RUNS)
def test_training_never_reads_the_test_part(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, data = RUNS[name]
    module, function = parts_of(recipe.data)
    opener = getattr(__import__(module, fromlist=[function]), function)
    monkeypatch.setattr(f"{module}.{function}", blind(opener))
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(small_network, "MIN_STEPS", 2)
    monkeypatch.setattr(small_network, "MAX_STEPS", 2)
    before = cache.replace(cache.Cache())
    logging = LoggingSettings(scalars_every=1, samples_every=2, evaluate_every=1, evaluate_samples=20)
    try:
        run = aigc_tf.train(dataclasses.replace(recipe, steps=2, logging=logging), tmp_path / "run", data=data)
        assert (run.path / "checkpoints" / "best.json").is_file()  # evaluated on another part
        with pytest.raises(TestPartReadError):
            run.evaluate(20)
    finally:
        cache.replace(before)
