"""The cache command shows the cache, and clears only the package's own entries."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.cli.cache import main
from aigc_tf.data.images.opening import open_source
from aigc_tf.recipes.dcgan import DCGAN


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_empty_cache_is_shown_and_cleared(root: Path, capsys: pytest.CaptureFixture[str]):
    main([])
    assert capsys.readouterr().out == f"{root}: 0.0 MB; prepared pictures and texts may take 20 GB\n"
    main(["--clear"])
    assert "0.0 MB removed" in capsys.readouterr().out and not root.exists()


def test_what_is_kept_is_shown_and_cleared(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "photos").mkdir()
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)):
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(tmp_path / "photos"))
    open_source(recipe)
    (root / "features").mkdir()
    (root / "features" / "network.npz").write_bytes(bytes(1_500_000))
    (root / "mine.txt").write_text("not the package's")
    main([])
    summary, pictures, features = capsys.readouterr().out.splitlines()
    assert summary.startswith(f"{root}: 1.5 MB")
    assert pictures.startswith("images  0.0 MB  20") and pictures.endswith(f"{tmp_path / 'photos'}, 16 x 16 x 1")
    assert features.startswith("features  1.5 MB") and features.endswith("network.npz")
    main(["--clear"])
    assert capsys.readouterr().out == f"{root}: 1.5 MB removed\n"
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["mine.txt"]
