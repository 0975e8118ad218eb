"""Fonts for text in images; letters that no font has are escaped instead of drawn as empty boxes."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import ImageFont

from aigc_tf.errors import printable

# Font families with Chinese letters, as operating systems and users install them.
_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Arial Unicode MS",
    "Noto Sans CJK JP",
    "AR PL UMing CN",
    "AR PL UKai CN",
)


@functools.cache
def fonts() -> dict[str, Path]:
    """Font families and files: the font bundled with matplotlib, and a Chinese one if installed."""
    from matplotlib import font_manager

    installed = {font.name: Path(font.fname) for font in reversed(font_manager.fontManager.ttflist)}
    chinese = next((name for name in _CHINESE if name in installed), None)
    own = Path(font_manager.findfont("DejaVu Sans"))
    return {"DejaVu Sans": own} | ({} if chinese is None else {chinese: installed[chinese]})


@functools.cache
def _letters(path: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(path).get_charmap())


def drawable(text: str) -> str:
    """A text with letters that none of the fonts has replaced by escapes, such as \\u4e2d."""
    known = [_letters(path) for path in fonts().values()]
    return "".join(
        letter if any(ord(letter) in letters for letters in known) else ascii(letter)[1:-1]
        for letter in printable(text)
    )


@contextlib.contextmanager
def all_fonts() -> Iterator[None]:
    """Make new texts in matplotlib use all fonts, each as a fallback for those before it."""
    import matplotlib

    with matplotlib.rc_context({"font.family": list(fonts())}):
        yield


def font_of(text: str, size: int) -> Any:
    """The Pillow font for a `drawable` text: the one that has most of its letters."""
    path = max(fonts().values(), key=lambda path: sum(ord(letter) in _letters(path) for letter in text))
    return _opened(path, size)


@functools.cache
def _opened(path: Path, size: int) -> Any:
    return ImageFont.truetype(str(path), size)
