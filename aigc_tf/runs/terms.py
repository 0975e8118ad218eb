"""The terms on which a run was trained, if not by one process from all examples: assets that no model needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aigc_tf.errors import InputError
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from aigc_tf.runs.folder import read_text

if TYPE_CHECKING:
    from aigc_tf.data.assets import Asset
    from aigc_tf.data.source import Source

TERMS = {"federation": "aigc_tf.privacy.federated.terms:Federation"}
"""The classes of a source's `terms`, by name."""


def read_terms(path: Path) -> dict[str, Asset]:
    """The terms in a run's folder."""
    files = {name: path / paths.asset_file(name) for name in TERMS}
    return {name: resolve(TERMS[name]).from_json(read_text(file)) for name, file in files.items() if file.is_file()}


def refuse_other_terms(path: Path, source: Source) -> None:
    """Raise InputError if the terms that a run was begun on differ from those of the source."""
    begun = {name for name in TERMS if (path / paths.asset_file(name)).is_file()}
    if begun - source.terms.keys():
        raise InputError(f"{path} was trained by several clients: resume it with federate")
    if source.terms.keys() - begun:
        raise InputError(f"{path} was not trained by several clients: resume it with its trainer")
