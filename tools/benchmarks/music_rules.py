"""Rule violations by sampling settings: selected on validation, reported on test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aigc_tf.data.music.voice_leading import parallels
from aigc_tf.data.source import PartName
from aigc_tf.metrics.music import rules
from aigc_tf.metrics.music.style import PIECES, last_bars
from aigc_tf.recipes.pieces import Choice
from aigc_tf.runs.run import Run
from tools.benchmarks.tables import markdown

WAYS: dict[str, dict[str, Any]] = {
    "temperature 1": {},
    "temperature 0.9": {"choice": Choice(temperature=0.9)},
    "temperature 0.8": {"choice": Choice(temperature=0.8)},
    "temperature 0.7": {"choice": Choice(temperature=0.7)},
    "top_p 0.9": {"choice": Choice(top_p=0.9)},
    "temperature 0.8, best of 4": {"choice": Choice(temperature=0.8), "best_of": 4},
    "temperature 0.8, best of 8": {"choice": Choice(temperature=0.8), "best_of": 8},
    "no parallels": {"parallels": False},
    "temperature 0.8, no parallels": {"choice": Choice(temperature=0.8), "parallels": False},
}
"""Options of `generate` and of `transform`."""
HEAD = ("way", "fifths", "octaves", "crossings", "interval divergence", "harmony divergence", "pitch classes per piece")
_SEED = {"validation": 1, "test": 0}


def music_rules(run: Run, part: PartName, ways: list[str], fitted: bool = False) -> Iterator[tuple[Any, ...]]:
    """One row for real pieces of a part, then one per sampling setting, of 32 pieces of eight bars; see `HEAD`.

    Args:
        run: run of `music`.
        part: part with the real pieces.
        ways: names of `WAYS`.
        fitted: harmonise the part's highest voices instead of generating all voices.
    """
    recipe: Any = run.recipe
    real = last_bars(run.source.inputs(part, PIECES))
    yield ("real pieces", *figures(real, real))
    for name in ways:
        made = (
            run.model.transform(real, _SEED[part], fix=recipe.music.voices[:1], **WAYS[name])
            if fitted
            else run.model.generate(PIECES, _SEED[part], **WAYS[name])
        )
        yield (name, *figures(made, real))


def figures(made: list[Any], real: list[Any]) -> tuple[float, ...]:
    """The figures of `HEAD`; parallels per hundred quarters."""
    fifths, octaves = np.sum([parallels(piece) for piece in made], axis=0)
    compared = rules.melodic_intervals, rules.harmonic_intervals
    histograms = [rules.divergence(count(made), count(real)) for count in compared]
    classes = np.mean([len(np.unique(piece.held[piece.held > 1] % 12)) for piece in made])
    return (
        rules.per_hundred_quarters(int(fifths), made),
        rules.per_hundred_quarters(int(octaves), made),
        float(np.mean([rules.crossings(piece) for piece in made])),
        *histograms,
        float(classes),
    )


def table(rows: list[tuple[Any, ...]]) -> str:
    """The rows as a Markdown table."""
    return markdown(HEAD, rows)
