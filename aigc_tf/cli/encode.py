"""Encode inputs as latent vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_ending, require_inputs, require_new
from aigc_tf.cli.command import command


def encode(
    run: Annotated[Path, tyro.conf.Positional],
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional] = (),
    *,
    out: Path,
    text: tuple[str, ...] = (),
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Encode inputs as latent vectors.

    Args:
        run: The run's folder.
        paths: Input files, or folders of them.
        out: The .npz file to write.
        text: Texts instead of files, for a model that takes text.
        checkpoint: The last checkpoint, or the best one seen while training.
    """
    require_ending(out, [".npz"])
    require_new(out)
    require_inputs(paths, text)

    import numpy as np

    from aigc_tf.cli.inputs import batches
    from aigc_tf.runs.run import Run
    from aigc_tf.storage.files import write_atomically

    model = Run.open(run, checkpoint).able("Encodes")
    names: list[str] = []
    found: list[dict[str, np.ndarray]] = []
    for read, values in batches(model.takes, paths, text):
        names += read
        found.append(model.encodings(values))
    arrays: dict[str, Any] = {key: np.concatenate([batch[key] for batch in found]) for key in found[0]}
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, lambda file: np.savez(file, names=np.array(names), **arrays))
    print(out)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(encode, arguments)
