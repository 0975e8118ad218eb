"""Detection rate of watermarks: in pictures after common edits, in texts by their length."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc_tf.data.images.decode import SUFFIXES
from aigc_tf.families.text import watermark as of_text
from aigc_tf.families.text.decoding import log_softmax
from aigc_tf.families.text.writing import Reader
from aigc_tf.metrics.images.anomaly import auroc
from aigc_tf.modalities import watermark as of_pictures
from aigc_tf.recipes.options import Decoding
from tools.benchmarks.tables import markdown

KEY = "a key"
LENGTHS = (50, 100, 200, 400)
Change = Callable[[np.ndarray], np.ndarray]


def as_jpeg(quality: int) -> Change:
    """Saving and reading again."""

    def change(picture: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return change


def resized(share: float) -> Change:
    """Another height and width."""

    def change(picture: np.ndarray) -> np.ndarray:
        size = (round(picture.shape[1] * share), round(picture.shape[0] * share))
        return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))

    return change


def cut_out(picture: np.ndarray) -> np.ndarray:
    """The inner three quarters of height and width."""
    top, left = (size // 8 for size in picture.shape[:2])
    return picture[top:-top, left:-left]


def noisy(picture: np.ndarray) -> np.ndarray:
    """With normal noise, 8 of 255 levels."""
    noise = np.random.default_rng(picture.sum()).normal(0, 8, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


CHANGES: dict[str, Change] = {
    "as it is": lambda picture: picture,
    "JPEG 75": as_jpeg(75),
    "JPEG 50": as_jpeg(50),
    "cut-out, 3/4 by 3/4": cut_out,
    "half the size": resized(0.5),
    "3/2 of the size": resized(1.5),
    "noise, σ 8": noisy,
}


def pictures(folder: Path, count: int) -> list[dict[str, Any]]:
    """A row for each change: AUC of the score, shares of marked and of plain pictures in which it is found.

    Args:
        folder: of pictures.
        count: how many are looked at, evenly spread.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    plain = [_opened(path) for path in files[:: max(1, len(files) // count)][:count]]
    marked = [of_pictures.embed(picture, KEY) for picture in plain]
    errors = [np.mean((after.astype(float) - before) ** 2) for before, after in zip(plain, marked, strict=True)]
    rows = []
    for name, change in CHANGES.items():
        without, found = ([of_pictures.score(change(one), KEY) for one in each] for each in (plain, marked))
        rows.append({"pictures": name, "count": len(plain), **_row(without, found, of_pictures.FOUND)})
    return [*rows, {"pictures": "PSNR of the marked ones", "dB": float(10 * np.log10(255**2 / np.mean(errors)))}]


def texts(run: Any, count: int) -> list[dict[str, Any]]:
    """A row for each length of texts that a run writes with the key and without.

    Args:
        run: of a language model.
        count: texts of each kind.
    """
    vocabulary = run.model.vocabulary
    written = {key: run.generate(count, tokens=max(LENGTHS), decoding=Decoding(watermark=key)) for key in ("", KEY)}
    tokens = {key: [vocabulary.encode(text).tolist() for text in found] for key, found in written.items()}
    rows = []
    for length in LENGTHS:
        without, found = (
            [of_text.count_green(text[:length], KEY, len(vocabulary)).z for text in each] for each in tokens.values()
        )
        rows.append({"tokens": length, "count": count, **_row(without, found, of_text.FOUND)})
    plain, marked = (bits_of(run.model, found) for found in tokens.values())
    return [*rows, {"tokens": "bits per token by the model itself", "median score": marked, "without": plain}]


def bits_of(model: Any, rows: Sequence[Sequence[int]]) -> float:
    """The mean over texts of what a model that wrote them needs for a symbol, without the first one."""
    length = min(map(len, rows))
    tokens = np.array([row[:length] for row in rows])
    reader, bits = Reader(model.networks, len(rows)), []
    for at in range(length - 1):
        logits = log_softmax(reader.read(tokens[:, at : at + 1]))
        bits.append(-np.take_along_axis(logits, tokens[:, at + 1 : at + 2], axis=1).mean() / np.log(2))
    return float(np.mean(bits))


def _opened(path: Path) -> np.ndarray:
    """On white, uint8 `[height, width, 3]`."""
    picture = Image.open(path).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return np.asarray(ground.convert("RGB"))


def _row(without: Sequence[float], found: Sequence[float], needed: float) -> dict[str, float]:
    return {
        "AUC": float(auroc(np.array(without), np.array(found))),
        "found": float(np.mean(np.array(found) >= needed)),
        "falsely found": float(np.mean(np.array(without) >= needed)),
        "median score": float(np.median(found)),
        "without": float(np.median(without)),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return markdown(names, [[row.get(name) for name in names] for row in rows])
