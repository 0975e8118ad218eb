"""An autoencoder run, and a folder of mixed photographs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.vae import VAE

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1), np.uint8)


@pytest.fixture(scope="session")
def vae_run(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> aigc_tf.Run:
    logging = LoggingSettings(samples_every=1000, evaluate_every=1000, evaluate_samples=20)
    recipe = dataclasses.replace(VAE.tiny(), source=str(pictures), steps=2, logging=logging)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "vae")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """a.png, A.bmp, sub/a.png, sub/wide.png with another size and colour, sub/damaged.png, and a text file."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for index, name in enumerate(("a.png", "A.bmp", "sub/a.png")):
        Image.fromarray(IMAGES[index, ..., 0]).save(folder / name)
    Image.fromarray(np.full((32, 50, 3), (10, 200, 90), np.uint8)).save(folder / "sub" / "wide.png")
    (folder / "sub" / "damaged.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture either")
    return folder
