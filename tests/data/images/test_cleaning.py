"""Pictures to remove from a folder: copies, near-duplicates, blanks and outliers are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.cli.data import main
from aigc_tf.data.images.cleaning import Doubt, doubts


def pictures() -> np.ndarray:
    """Forty smooth pictures, then a copy of number 3, a near-duplicate of number 5, a blank one, and noise."""
    random = np.random.default_rng(0)
    coarse = random.integers(90, 160, (40, 4, 4, 1)).astype(np.uint8)
    smooth = np.stack([np.asarray(Image.fromarray(each[..., 0]).resize((16, 16))) for each in coarse])[..., None]
    nearly = smooth[5] + random.integers(0, 3, (16, 16, 1)).astype(np.uint8)
    strange = (np.indices((16, 16)).sum(axis=0) % 16 < 8)[..., None] * np.uint8(255)
    return np.concatenate([smooth, smooth[3:4], nearly[None], np.full((1, 16, 16, 1), 130, np.uint8), strange[None]])


def test_each_kind_is_found_once() -> None:
    assert doubts(pictures()) == [
        Doubt("copy", 40, 3),
        Doubt("near-duplicate", 41, 5),
        Doubt("blank", 42),
        Doubt("outlier", 43),
    ]


def test_nothing_is_found_among_ordinary_pictures() -> None:
    assert doubts(pictures()[:40]) == []


def test_files_are_named_with_what_they_repeat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, picture in enumerate(pictures()):
        Image.fromarray(picture[..., 0]).save(folder / f"{number:02d}.png")
    size = ["--images.height", "16", "--images.width", "16"]
    main([str(folder), *size, "--clean", str(tmp_path / "out.txt")])
    assert (tmp_path / "out.txt").read_text().splitlines() == [
        "copy\t40.png\t03.png",
        "near-duplicate\t41.png\t05.png",
        "blank\t42.png",
        "outlier\t43.png",
    ]
    assert "1 of kind copy" in capsys.readouterr().out


def test_what_is_not_pictures_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "sales.csv"
    table.write_text("day,sold\n" + "".join(f"{day},{day % 7}\n" for day in range(400)))
    with pytest.raises(SystemExit) as ended:
        main([str(table), "--clean", str(tmp_path / "out.txt")])
    assert ended.value.code == 2 and "--clean lists pictures" in capsys.readouterr().err
