"""Image watermarks: detected with their key after common edits, and with no other key."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from aigc_tf.cli.finishing import key_of
from aigc_tf.cli.watermarks import look_for, without_key
from aigc_tf.errors import InputError
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.modalities.text import Text
from aigc_tf.modalities.watermark import FOUND, STRENGTH, embed, pattern, score
from aigc_tf.recipes.images import ImageSettings


def picture(seed: int, side: int = 160) -> np.ndarray:
    """A cloudy picture with edges, uint8 `[side, side, 3]`."""
    random = np.random.default_rng(seed)
    clouds = gaussian_filter(random.normal(size=(side, side, 3)), (12, 12, 0))
    clouds = 120 + 40 * clouds / clouds.std()
    clouds[random.integers(side) :, random.integers(side) :] += 40
    return np.clip(clouds, 0, 255).astype(np.uint8)


def as_jpeg(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    def save(pixels: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return save


def resized(side: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda pixels: np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))


def noisy(pixels: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 6, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [lambda pixels: pixels, as_jpeg(75), as_jpeg(50), lambda pixels: pixels[13:140, 22:150], resized(200), noisy],
    ids=["as it is", "JPEG 75", "JPEG 50", "a cut-out", "enlarged by 5/4", "with noise"],
)
def test_it_stays_and_no_other_key_finds_it(change: Callable[[np.ndarray], np.ndarray]):
    marked = [score(change(embed(picture(seed), "a key")), "a key") for seed in range(3)]
    others = [score(change(embed(picture(seed), "a key")), "another") for seed in range(3)]
    without = [score(change(picture(seed)), "a key") for seed in range(3)]
    assert min(marked) >= FOUND > max(others + without)


def test_it_changes_pictures_by_as_much_as_said():
    before = np.full((1, 64, 64, 3), 128, np.uint8)
    changed = embed(before, "a key").astype(float) - before
    assert changed.std() == pytest.approx(STRENGTH, rel=0.03) and abs(changed.mean()) < 0.05
    real = np.full((1, 64, 64, 3), 0.5, np.float32)
    found = embed(real, "a key")
    assert found.dtype == np.float32 and (found - real).std() == pytest.approx(STRENGTH / 255, rel=0.03)
    assert abs((pattern("a key") * pattern("another")).mean()) < 0.3


@pytest.mark.parametrize("shape", [(20, 50, 1), (5, 5, 3), (1, 1, 1)])
def test_pictures_of_any_size_are_taken(shape: tuple[int, ...]):
    assert np.isfinite(score(embed(np.full(shape, 200, np.uint8), "a key"), "a key"))


def test_files_are_looked_at(tmp_path: Path):
    path = tmp_path / "picture.jpg"
    Image.fromarray(embed(picture(0), "a key")).save(path, quality=75)
    found = look_for("a key", path, None)
    assert found.found and found.words.endswith("at least 5.5 is needed")
    assert not look_for("another", path, None).found
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot be read"):
        look_for("a key", path, None)
    (tmp_path / "text.txt").write_text("words")
    with pytest.raises(InputError, match="--watermark needs --run for a text"):
        look_for("a key", tmp_path / "text.txt", None)


def test_a_key_goes_into_single_pictures_and_into_no_mark_of_origin():
    run = SimpleNamespace(model=SimpleNamespace(gives=Pictures(ImageSettings())))
    options = {"watermark": "a key", "truncation": 1.0}
    assert without_key(options) == {"watermark": "yes", "truncation": 1.0}
    with pytest.raises(InputError, match="give --out FOLDER"):
        key_of(run, options, Path("grid.png"))  # type: ignore[arg-type]
    assert key_of(run, options, Path("folder")) == "a key"  # type: ignore[arg-type]
    assert options == {"truncation": 1.0}
    text = SimpleNamespace(model=SimpleNamespace(gives=Text()))
    assert key_of(text, {"watermark": "a key"}, None) is None  # type: ignore[arg-type]
