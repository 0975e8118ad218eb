"""Commands that write files, on tiny models: the targets of `every_call`."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from aigc_tf.cli import main as program
from aigc_tf.data.images.opening import open_source
from aigc_tf.engine.training import train
from aigc_tf.export import check_saved_model, litert_js, verify
from aigc_tf.metrics import cache
from aigc_tf.metrics.images import small_network
from aigc_tf.metrics.images.trained import rotation_network
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.mlp_gan import MLPGAN
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings
from aigc_tf.recipes.vae import VAE

LOGGING = LoggingSettings(scalars_every=1, samples_every=1, evaluate_every=2, evaluate_samples=20, keep_samples=2)
CHECKPOINTS = CheckpointSettings(every=1, keep=1)
STEPS = 3
RUN, OUT, CACHE = "run", "out", "cache"

Do = Callable[[Path], None]
"""Runs in a folder; when repeated, it resumes or starts over, as a user would after an interruption."""


@dataclass(frozen=True)
class Work:
    """Work to interrupt, and its prerequisites."""

    do: Do
    after: tuple[Do, ...] = ()
    """Prerequisites, run in the folder before."""


def make_pictures(folder: Path) -> None:
    """Write sixty files; outside the working folder, since the cache identifies them by their modification times."""
    for number, picture in enumerate(np.random.default_rng(0).integers(0, 256, (60, 16, 16), np.uint8)):
        Image.fromarray(picture).save(folder / f"{number:02}.png")


def pictures_of(folder: Path) -> Path:
    """Folder of the pictures."""
    return folder.with_name("pictures")


def recipe(kind: type[ImageRecipe], folder: Path) -> ImageRecipe:
    """The tiny recipe, on the pictures."""
    source = str(pictures_of(folder))
    return dataclasses.replace(kind.tiny(), source=source, steps=STEPS, logging=LOGGING, checkpoints=CHECKPOINTS)


def caching(folder: Path) -> None:
    """Put prepared pictures and a feature network into the cache."""
    rotation_network(open_source(recipe(MLPGAN, folder)), side=16)


def training(kind: type[ImageRecipe]) -> Do:
    """Training, resumed if the run exists."""

    def do(folder: Path) -> None:
        train(recipe(kind, folder), folder / RUN, resume=(folder / RUN / "recipe.json").is_file())

    return do


def command(*words: str) -> Do:
    """A command on the run; `out/` in its arguments is the output folder."""

    def do(folder: Path) -> None:
        first, *others = words
        program.main([first, str(folder / RUN), *(word.replace(f"{OUT}/", f"{folder / OUT}/") for word in others)])

    return do


def sampling(folder: Path) -> None:
    """Sample a grid, an array, an animation and single files."""
    for name in ("a.png", "a.npy", "a.gif", "a"):
        command("sample", "--count", "4", "--out", f"{OUT}/{name}")(folder)


def make_archives(folder: Path) -> None:
    """Write small archives instead of LiteRT.js, so that nothing is downloaded."""
    place = folder / CACHE / "litert.js"
    place.mkdir(parents=True)
    for archive in litert_js.ARCHIVES.values():
        with tarfile.open(place / archive.file, "w:gz") as file:
            for member in archive.members:
                file.addfile(tarfile.TarInfo(f"package/{member}"), io.BytesIO())


_RUN = (caching, training(MLPGAN))
WORKS = {
    "training of a GAN": Work(training(MLPGAN), (caching,)),
    "training of a VAE": Work(training(VAE), (caching,)),
    "prepared pictures and feature network": Work(caching),
    "sampling": Work(sampling, _RUN),
    "evaluation": Work(command("evaluate", "--samples", "20"), _RUN),
    "export": Work(command("export", "--out", f"{OUT}/export"), _RUN),
    "web export": Work(command("export", "--format", "web", "--out", f"{OUT}/page"), (*_RUN, make_archives)),
}


def done_in(folder: Path, do: Do) -> Callable[[], None]:
    """The work in a folder, for a forked process, with slow parts shortened.

    Feature networks train for 4 steps, and a SavedModel is compared with Keras in the same process.
    """

    def work() -> None:
        os.environ["AIGC_TF_CACHE"] = str(folder / CACHE)
        cache.replace(cache.Cache())
        small_network.training_steps = lambda images: 4
        verify.subprocess = SimpleNamespace(run=checked_here)  # type: ignore[assignment]
        place = folder / CACHE / "litert.js"
        for name, archive in litert_js.ARCHIVES.items():
            if (place / archive.file).is_file():
                digest = base64.b64encode(hashlib.sha512((place / archive.file).read_bytes()).digest()).decode()
                litert_js.ARCHIVES[name] = dataclasses.replace(archive, integrity=f"sha512-{digest}")
        do(folder)

    return work


def checked_here(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    """Replacement for the process that compares a SavedModel with Keras."""
    check_saved_model.main(*words[-3:])
    return subprocess.CompletedProcess(words, 0, "", "")
