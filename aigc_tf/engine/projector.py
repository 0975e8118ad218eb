"""Encodings of test images for TensorBoard's projector, with thumbnails and classes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from google.protobuf import text_format  # type: ignore[import-untyped]
from tensorboard.plugins.projector import ProjectorConfig
from tensorboard.plugins.projector.metadata import PROJECTOR_FILENAME

from aigc_tf.data.images.source import Split
from aigc_tf.families.latent_space import Encodes
from aigc_tf.modalities.drawing import grid, to_pil, write_png
from aigc_tf.storage.files import write_atomically, write_text

FOLDER = "projector"
MOST_IMAGES = 1000
MOST_NUMBERS = 200_000  # of all latents: about 2 MB of text; longer latents get fewer images
MOST_THUMBNAIL_PIXELS = 64  # in height and width: 1,000 of them are a sprite of 2,048 pixels


def write_projector(log_folder: Path, model: Encodes, test: Split, class_names: tuple[str, ...] | None) -> None:
    """Write what the projector shows of a model's latent space, in place of what was there before.

    Args:
        log_folder: of the run's event files.
        model: encodes.
        test: up to 1,000 of its images are encoded.
        class_names: those that the split's labels number; None without labels.
    """
    folder = log_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    shown = test.some(max(1, min(MOST_IMAGES, MOST_NUMBERS // model.latent_dim)))
    latents = model.encode(shown.images)
    _write_lines(folder / "latents.tsv", ("\t".join(f"{number:.6g}" for number in latent) for latent in latents))
    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name, embedding.tensor_path = "latents", f"{FOLDER}/latents.tsv"
    thumbnails = _thumbnails(shown.images)
    write = partial(write_png, image=grid(thumbnails, gap=0), made_by={})
    write_atomically(folder / "thumbnails.png", write)
    embedding.sprite.image_path = f"{FOLDER}/thumbnails.png"
    embedding.sprite.single_image_dim.extend([thumbnails.shape[2], thumbnails.shape[1]])
    if shown.labels is not None and class_names is not None:
        _write_lines(folder / "classes.tsv", (" ".join(class_names[label].split()) for label in shown.labels))
        embedding.metadata_path = f"{FOLDER}/classes.tsv"
    write_text(log_folder / PROJECTOR_FILENAME, text_format.MessageToString(config))


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """uint8 images `[count, height, width, channels]`, made smaller where they are large."""
    height, width = images.shape[1:3]
    shrink = max(1, math.ceil(max(height, width) / MOST_THUMBNAIL_PIXELS))
    if shrink == 1:
        return images
    small = np.stack([np.asarray(to_pil(image).reduce(shrink)) for image in images])
    return small.reshape(*small.shape[:3], images.shape[-1])


def _write_lines(path: Path, rows: Iterable[str]) -> None:
    write_text(path, "".join(f"{row}\n" for row in rows))
