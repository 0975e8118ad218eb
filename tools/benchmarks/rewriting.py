"""Outputs of exported sequence-to-sequence files on test pairs, against the network, with examples."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from aigc_tf.data.source import evenly
from aigc_tf.errors import InputError
from aigc_tf.export import Runner
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.families.text.seq2seq.search import Writer, write
from aigc_tf.metrics.text.likeness import MEASURES
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.runs.run import Run
from tools.benchmarks.tables import markdown

GREEDY = Search(beams=1)
EXAMPLES = 10


def rewriting(run: Path, samples: int, quantizations: Sequence[str]) -> dict[str, Any]:
    """The recipe's figures (ROUGE, or BLEU and chrF) for outputs of the network and of each file, on test pairs.

    Decoding is greedy, without repeated trigrams. The examples are evenly spaced over the test part, not selected, and
    decoded by the network with its default search.

    Args:
        run: run of `summary`, `translation` or `dialogue`.
        samples: number of test pairs.
        quantizations: quantizations of the files.

    Raises:
        InputError: the run is of another model.
    """
    opened = Run.open(run)
    model = opened.model
    if not isinstance(model, Seq2Seq):
        raise InputError(f"{run} is a run of {opened.recipe.slug()}: give one of summary, translation or dialogue")
    pairs = opened.source.pairs("test", samples)
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    found: dict[str, dict[str, Any]] = {"network": figures(model.write_all(sources, GREEDY), targets, opened.recipe)}
    with tempfile.TemporaryDirectory() as folder:
        for quantize in quantizations:
            path = opened.export(quantize=quantize, out=Path(folder) / quantize, compare_with_keras=False).path
            written = by_file(path, model, sources)
            found[f"file, {quantize}"] = {"bytes": path.stat().st_size, **figures(written, targets, opened.recipe)}
    chosen = evenly(len(pairs), EXAMPLES)
    texts = model.write_long([sources[row] for row in chosen])
    examples = [
        {"source": sources[row], "written": text, "truth": targets[row]}
        for row, text in zip(chosen, texts, strict=True)
    ]
    return {"run": str(run), "sources": len(pairs), "figures": found, "examples": examples}


def figures(written: Sequence[str], targets: Sequence[str], recipe: Any) -> dict[str, float]:
    """The figures named by the recipe."""
    return {
        name: value for measure in recipe.figures for name, value in MEASURES[measure](written, targets).figures.items()
    }


def by_file(path: Path, model: Seq2Seq, sources: Sequence[str]) -> list[str]:
    """Outputs of a file for the sources, one by one."""
    runner = Runner(path)
    written = []
    for text in tqdm(sources, path.parent.name):
        writer = Writer(
            model.networks,
            model.sources([text]),
            lambda form, **inputs: runner(form, **{name: np.asarray(value) for name, value in inputs.items()}),
        )
        (symbols,) = write(writer, GREEDY, model.recipe.pairs.target_length, model.never_written, 0)
        written.append(model.vocabularies.written(symbols))
    return written


def table(report: dict[str, Any]) -> str:
    """Figures and examples in Markdown."""
    rows = report["figures"]
    names = ["bytes", *rows["network"]]
    found = markdown(["", *names], [[label, *(row.get(name) for name in names)] for label, row in rows.items()])
    examples = [[each["source"], each["written"], each["truth"]] for each in report["examples"]]
    return f"{found}\n\n{markdown(['source', 'written', 'truth'], examples)}"
