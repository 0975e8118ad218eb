"""Shared fixtures for source tests: a machine without data sets, and one-line recipes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from aigc_tf.data.images import fashion_mnist
from aigc_tf.data.images.opening import ImageSource, open_source
from aigc_tf.recipes.images import ImageRecipe, ImageSettings

Opener = Callable[..., ImageSource]


class AnyImages(ImageRecipe):
    """A recipe in which only the source and the image settings matter."""

    @classmethod
    def tiny(cls) -> Self:
        return cls()


@pytest.fixture(autouse=True)
def bare_machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; data sets on this machine are hidden."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", home / "debian")
    return home


@pytest.fixture
def opened() -> Opener:
    """`opened(source, height=4, width=4, channels=1, data=None, ...)`."""

    def open_images(
        source: Path | str = "auto", height: int = 4, width: int = 4, data: object = None, **settings
    ) -> ImageSource:
        recipe = AnyImages(source=str(source), images=ImageSettings(height=height, width=width, **settings))
        return open_source(recipe, data)

    return open_images


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)
