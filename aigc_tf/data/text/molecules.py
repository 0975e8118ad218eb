"""Molecules as SMILES, one per line, conditioned on bands of a property."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.text import opening
from aigc_tf.data.text.designs import named, read_designs
from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import InputError
from aigc_tf.optional import needed
from aigc_tf.recipes.molecules import Molecules, MoleculeSettings

AUTO = "made_up_molecules"
MARKS = "①②③④⑤⑥⑦⑧⑨"
"""Condition tokens: a character before the SMILES that stands for the band of its property."""
_WHAT = "SMILES, one per line"
_MADE_UP = 3000
_PARTS = ("C", "CC", "O", "N", "C(=O)", "C(C)", "NC(=O)", "S", "c1ccc(cc1)", "C1CCN(CC1)", "C(F)", "c1cc(on1)")


def chemistry() -> tuple[ModuleType, ModuleType]:
    """Import RDKit's `Chem` and `Descriptors`, without their messages about invalid molecules.

    Raises:
        InputError: the package is not installed.
    """
    names = ("rdkit.rdBase", "rdkit.Chem", "rdkit.Chem.Descriptors")
    base, chem, descriptors = (needed(name, to="read molecules", extra="molecules") for name in names)
    base.DisableLog("rdApp.*")
    return chem, descriptors


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class MoleculeSource(TextSource):
    """Tokenized SMILES, with the property bands that condition them."""

    classes: ClassNames

    @property
    def assets(self) -> dict[str, Any]:
        """`vocabulary` and `classes`."""
        return {**super().assets, "classes": self.classes}


def open_source(recipe: Molecules, data: Any = None) -> MoleculeSource:
    """Open the molecules of a recipe; about a tenth of them is held out.

    Args:
        recipe: its `source` is `auto` (`made_up_molecules`) or the path of a text file with one SMILES per line.
        data: replaces the source: strings, one per molecule.

    Raises:
        InputError: the source or the data is missing or invalid, or rdkit is needed but not installed.
    """
    make = partial(made_up, _MADE_UP)
    found = read_designs(recipe.source, data, AUTO, make, _split, _WHAT)
    classes, kept = marked(found.texts, recipe.molecules)
    source = named(opening.open_source(recipe, kept), found)
    strange = len(found.texts) - len(kept)
    notes = (*source.notes, *([f"left out: {strange:,} lines that RDKit cannot read"] if strange else []))
    fields = {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    return MoleculeSource(**{**fields, "notes": notes, "classes": classes})


def _split(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def made_up(count: int, seed: int = 0) -> list[str]:
    """Synthetic molecules for trying things out: valid chains of two to five common fragments."""
    random = np.random.default_rng(seed)
    return ["".join(random.choice(_PARTS, random.integers(2, 6))) for _ in range(count)]


def marked(lines: Sequence[str], settings: MoleculeSettings) -> tuple[ClassNames, list[str]]:
    """The bands of a property, and molecules prefixed with the token of their band; unchanged without a property.

    Raises:
        InputError: rdkit is needed but not installed, or cannot parse any of them.
    """
    if settings.condition == "none":
        return ClassNames(()), list(lines)
    values = properties(lines, settings.condition)
    read = ~np.isnan(values)
    if not read.any():
        raise InputError(f"none of {len(lines)} lines can be read as a molecule: give {_WHAT}")
    names, edges = _bands(values[read], settings)
    bands = np.searchsorted(edges, values, side="right")
    return ClassNames(names), [MARKS[bands[row]] + lines[row] for row in map(int, np.flatnonzero(read))]


def properties(lines: Sequence[str], condition: str) -> np.ndarray:
    """Ring count or log P of each molecule, float64 `[molecules]`; NaN if it cannot be parsed."""
    chem, descriptors = chemistry()
    measure = {"rings": descriptors.RingCount, "log_p": descriptors.MolLogP}[condition]
    molecules = map(chem.MolFromSmiles, lines)
    return np.array([np.nan if molecule is None else measure(molecule) for molecule in molecules], np.float64)


def _bands(values: np.ndarray, settings: MoleculeSettings) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the bands, and the thresholds between them, ascending."""
    if settings.condition == "rings":
        edges: np.ndarray = np.arange(1, settings.bands)
        return (*(f"rings={edge - 1}" for edge in edges), f"rings>={edges[-1]}"), edges
    edges = (
        np.unique(np.quantile(values, np.arange(1, settings.bands) / settings.bands).round(2)) + 0.0
    )  # avoid negative zero
    inner = (f"log_p={low:g}..{high:g}" for low, high in itertools.pairwise(edges))
    return (f"log_p<{edges[0]:g}", *inner, f"log_p>={edges[-1]:g}"), edges


def band_of(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The band of each value, from the bands' names: int64 `[values]`."""
    lows = [float(name.partition("=")[2].partition("..")[0]) for name in names[1:]]
    return np.searchsorted(lows, values, side="right")
