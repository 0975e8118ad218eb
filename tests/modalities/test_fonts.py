"""Characters missing from all fonts are escaped: no empty boxes, no warnings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager

from aigc_tf.modalities import fonts
from aigc_tf.modalities.captions import captioned, line_of, rows_with_captions
from aigc_tf.modalities.drawing import bars
from aigc_tf.modalities.plots import sequences_picture


@pytest.fixture(autouse=True)
def fresh():
    fonts.fonts.cache_clear()
    yield
    fonts.fonts.cache_clear()


@pytest.fixture
def no_chinese(monkeypatch: pytest.MonkeyPatch):
    """A machine without Chinese fonts."""
    monkeypatch.setattr(fonts, "_CHINESE", ())


def test_letters_without_a_font_are_escaped(no_chinese: None):
    assert fonts.drawable("Ärger, 叶\n\u200b") == "Ärger, \\u53f6\\n\\u200b"
    assert list(fonts.fonts()) == ["DejaVu Sans"]


def test_an_installed_font_with_chinese_letters_is_taken(monkeypatch: pytest.MonkeyPatch):
    """With a fake font: its characters are those of the file's character map."""
    entry = font_manager.FontEntry(fname="/fonts/cjk.ttc", name="Noto Sans CJK SC")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist, entry])
    letters = {Path("/fonts/cjk.ttc"): frozenset(map(ord, "叶子"))}
    own = fonts._letters
    monkeypatch.setattr(fonts, "_letters", lambda path: letters[path] if path in letters else own(path))
    assert fonts.drawable("a叶龘") == "a叶\\u9f98"
    monkeypatch.setattr(fonts, "_opened", lambda path, size: path)
    assert fonts.font_of("叶子", 9) == Path("/fonts/cjk.ttc")
    assert fonts.font_of("leaf", 9).name == "DejaVuSans.ttf"


def test_plots_with_chinese_names_warn_of_nothing(no_chinese: None):
    """With warnings as errors."""
    assert sequences_picture(np.zeros((1, 4, 1)), ["销量 $x$"]).any()
    assert bars(np.arange(3), "滞后", "系数").any()


def test_captions_stand_below_their_pictures_and_fit():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    shown = captioned(images, ["a", "b" * 99], columns=2)
    assert shown.shape == (64 + 15 + 8, 2 * 64 + 12, 3)  # enlarged eight times, a caption of 15 pixels, gaps of 4
    assert not shown[4:68, 4:68].any() and shown[68:83, 4:68].min() < 100
    assert (line_of("", 50, 1) == 255).all() and line_of("wide" * 50, 50, 1).shape == (15, 50, 1)


def test_rows_with_captions_are_a_plain_grid_without():
    rows = np.zeros((3, 2, 16, 16, 1), np.uint8)
    assert rows_with_captions(rows, None).shape == (3 * 18 + 2, 2 * 18 + 2, 1)
    assert rows_with_captions(rows, ["a", "b", "c"]).shape[0] > 3 * (16 + 15)
