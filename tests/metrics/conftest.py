"""Small sources and models, and empty in-process caches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.images.opening import ImageSource, Split, open_source
from aigc_tf.metrics import cache
from aigc_tf.recipes.dcgan import DCGAN


@pytest.fixture(autouse=True)
def fresh_caches(tmp_path, monkeypatch) -> Iterator[None]:
    """Empty in-process caches; nothing is written to the user's cache."""
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    before = cache.replace(cache.Cache())
    yield
    cache.replace(before)


@pytest.fixture
def small_networks(tmp_path_factory, monkeypatch):
    """A shared cache: networks trained by one test are loaded by others."""
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path_factory.getbasetemp() / "shared_cache"))


@pytest.fixture(scope="session")
def fashion() -> ImageSource:
    """The small set that ships with the package: 28x28x1, labelled."""
    return open_source(DCGAN(source="fashion_mnist_10k"))


@pytest.fixture
def stripes() -> Callable[..., ImageSource]:
    """Creates sources of noisy stripes, vertical in class 0 and horizontal in class 1."""

    def make(
        height: int = 16, width: int = 16, channels: int = 1, train: int = 160, test: int = 40, labelled: bool = True
    ) -> ImageSource:
        random = np.random.default_rng(7)

        def split(count: int) -> Split:
            labels = np.arange(count) % 2
            rows, columns = np.indices((height, width))
            pattern = np.stack([columns // 2 % 2, rows // 2 % 2])[labels, ..., None] * 150
            images = pattern + random.integers(0, 100, (count, height, width, channels))
            return Split(images.astype(np.uint8), labels.astype(np.int64) if labelled else None)

        return ImageSource(
            name="stripes",
            test_split="made up",
            licence="",
            class_names=("standing", "lying") if labelled else None,
            train=split(train),
            test=split(test),
        )

    return make


class Drawing:
    """A "model" that samples from given images, or generates noise if there are none."""

    def __init__(self, images: np.ndarray | None, shape: tuple[int, int, int]) -> None:
        self.images, self.shape = images, shape
        self.calls: list[tuple[int, int]] = []

    def conditions(self, given: Any, count: int) -> None:
        """None: the model is unconditional."""

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        assert condition is None
        self.calls.append((count, seed))
        random = np.random.default_rng(seed)
        if self.images is None:
            return random.random((count, *self.shape), np.float32)
        return self.images[random.integers(0, len(self.images), count)].astype(np.float32) / 255


@pytest.fixture
def drawing() -> type[Drawing]:
    return Drawing
