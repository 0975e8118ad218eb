"""A full disk: no partial file remains, existing files stay, and the error names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigc_tf.cli.results import write_preview
from aigc_tf.data.classes import ClassNames
from aigc_tf.data.series.source import Scaling
from aigc_tf.modalities.labels import Labels
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.modalities.series import Series
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.storage.files import held
from tools import tflite_demo

ROOM = 100  # bytes
PICTURES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1), np.uint8)
SERIES, VALUES = Series(Scaling(("level",), np.zeros(1), np.ones(1))), np.random.default_rng(0).normal(size=(3, 40, 1))
IMAGES = Pictures(ImageSettings(height=32, width=32))
FORECAST = (VALUES[0], VALUES[1], np.abs(VALUES[1]))

WRITES: dict[str, Callable[[Path], Any]] = {
    **{f"pictures{end}": lambda path: IMAGES.write_all(path, PICTURES, {}) for end in (".png", ".gif", ".npy")},
    **{f"series{end}": lambda path: SERIES.write_all(path, VALUES, {}) for end in (".csv", ".png", ".npy")},
    **{f"forecast{end}": lambda path: SERIES.write_forecast(path, *FORECAST, {}) for end in (".csv", ".png", ".npy")},
    **{f"texts{end}": lambda path: Text().write_all(path, ["long " * 99], {}) for end in (".txt", ".json")},
    "classes.txt": lambda path: Labels(ClassNames(("a",))).write_all(path, np.zeros(99, np.int32), {}),
    "preview.png": lambda path: write_preview(path, PICTURES[0], {}),
    "preview.html": lambda path: write_preview(path, "long " * 99, {}),
}


@pytest.mark.parametrize("name", sorted(WRITES))
def test_no_half_file_stays_and_the_error_names_it(
    name: str, tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    path = tmp_path / name
    path.write_text("old")
    small_disk(ROOM)
    with pytest.raises(OSError, match="File too large") as caught:
        WRITES[name](path)
    assert caught.value.filename == str(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_of_single_files_the_first_without_room_is_named(tmp_path: Path, small_disk: Callable[[int], None]) -> None:
    small_disk(ROOM)
    with pytest.raises(OSError, match="File too large") as caught:
        IMAGES.write_all(tmp_path / "folder", PICTURES, {})
    assert caught.value.filename == str(tmp_path / "folder" / "00000.png")
    assert list((tmp_path / "folder").iterdir()) == []


def test_the_note_of_who_holds_a_folder_is_named(tmp_path: Path, small_disk: Callable[[int], None]) -> None:
    small_disk(1)
    with pytest.raises(OSError, match="File too large") as caught, held(tmp_path):
        pass
    assert caught.value.filename == str(tmp_path / ".lock-owner")


@pytest.mark.parametrize("write", ["text", "picture"])
def test_the_demo_leaves_no_half_file(write: str, tmp_path: Path, small_disk: Callable[[int], None]) -> None:
    content = b"long" * 99 if write == "text" else tflite_demo.png(PICTURES[0])
    path = tmp_path / "out"
    small_disk(ROOM)
    with pytest.raises(ValueError, match=f"{path} cannot be written: File too large"):
        tflite_demo.write_whole(path, content)
    assert list(tmp_path.iterdir()) == []
