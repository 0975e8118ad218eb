"""Embeddings of examples for TensorBoard's projector, with thumbnails and titles."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from google.protobuf import text_format  # type: ignore[import-untyped]
from tensorboard.plugins.projector import ProjectorConfig
from tensorboard.plugins.projector.metadata import PROJECTOR_FILENAME

from aigc_tf.data.source import Source
from aigc_tf.modalities.drawing import grid, write_png
from aigc_tf.storage.files import write_atomically, write_text

FOLDER = "projector"
MAX_EXAMPLES = 1000
MAX_NUMBERS = 200_000  # in all latents: about 2 MB of text; longer latents mean fewer examples


def write_projector(log_folder: Path, model: Any, source: Source) -> None:
    """Write the projector's files for a model's latent space; replaces earlier ones.

    Args:
        log_folder: the folder of the run's event files.
        model: encodes the examples.
        source: up to 1,000 examples of its `watched` part are encoded.
    """
    folder = log_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, min(MAX_EXAMPLES, MAX_NUMBERS // model.latent_dim))
    shown, titles = source.inputs("validation", count), source.titles("validation", count)
    latents = model.encode(shown)
    _write_lines(folder / "latents.tsv", ("\t".join(f"{number:.6g}" for number in latent) for latent in latents))
    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name, embedding.tensor_path = "latents", f"{FOLDER}/latents.tsv"
    thumbnails = model.takes.thumbnails(shown)
    if thumbnails is not None:
        write = partial(write_png, image=grid(thumbnails, gap=0), made_by={})
        write_atomically(folder / "thumbnails.png", write)
        embedding.sprite.image_path = f"{FOLDER}/thumbnails.png"
        embedding.sprite.single_image_dim.extend([thumbnails.shape[2], thumbnails.shape[1]])
    if titles is not None:
        _write_lines(folder / "classes.tsv", (" ".join(title.split()) for title in titles))
        embedding.metadata_path = f"{FOLDER}/classes.tsv"
    write_text(log_folder / PROJECTOR_FILENAME, text_format.MessageToString(config))


def _write_lines(path: Path, rows: Iterable[str]) -> None:
    write_text(path, "".join(f"{row}\n" for row in rows))
