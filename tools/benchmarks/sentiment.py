"""Text classifiers with all labels and with few, from scratch and pre-trained as language models, against TF-IDF."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aigc_tf
from aigc_tf.data.labelled.opening import open_source
from aigc_tf.errors import say
from aigc_tf.metrics.text.simple_classifiers import TFIDF
from aigc_tf.recipes.classify import Classify
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.settings import CheckpointSettings
from aigc_tf.recipes.text import TextSettings
from tools.benchmarks.readings import Results, quiet, report_of
from tools.benchmarks.tables import markdown

SCRATCH, FIRST, ALONE = "from scratch", "language model first", "language model first, without evidence"
METHODS = (SCRATCH, FIRST, ALONE)
_FIGURES = ("accuracy", "accuracy_low", "accuracy_high", "nats", "calibration_error")
_SIZES: dict[str, Any] = {"width": 64, "heads": 4, "depth": 2}


def sentiment(
    source: str,
    text: TextSettings,
    per_class: Sequence[int | None],
    seeds: Sequence[int],
    steps: tuple[int, int, int],
    results: Path,
) -> dict[str, Any]:
    """Test accuracy and calibration by method, number of labels and seed; skips what `results` already has.

    Args:
        source: source of labelled texts.
        text: tokenisation settings, for all.
        per_class: numbers of labels per class; None is all.
        seeds: random seeds of the choice of the labels and of the training.
        steps: steps of the language model, of a classifier with all labels, and of one with few.
        results: JSON Lines file of finished results; the language model is stored next to it, and resumed.
    """
    done = Results(results)
    rows = []
    for labels, seed, method in itertools.product(per_class, seeds, METHODS):
        key = {"source": source, "labels": labels, "seed": seed, "method": method, "steps": list(steps)}
        if not done.find(**key):
            say(f"\n{Path(source).name}, {labels or 'all'} labels of each class, seed {seed}, {method}")
            start = None if method == SCRATCH else str(language_model(source, text, steps[0], results.parent))
            recipe = classifier(source, text, labels, seed, steps[1 if labels is None else 2], start, method != ALONE)
            done.add(**key, **measured(recipe))
        rows += done.find(**key)[:1]
    return {"source": source, "rows": rows, "table": table(rows)}


def language_model(source: str, text: TextSettings, steps: int, folder: Path) -> Path:
    """The run of a language model of the same texts, trained or resumed until it has all steps."""
    recipe = quiet(
        GPT(source=source, text=dataclasses.replace(text, labelled=True), steps=steps, dropout=0.1, **_SIZES)
    )
    recipe = dataclasses.replace(recipe, checkpoints=CheckpointSettings(every=250, keep=1))
    known = hashlib.sha256(f"{source} {text} {steps}".encode()).hexdigest()[:12]
    path = folder / f"language-model-{known}"
    aigc_tf.train(recipe, path, resume=(path / "recipe.json").is_file())
    return path


def classifier(
    source: str, text: TextSettings, labels: int | None, seed: int, steps: int, start: str | None, evidence: bool
) -> Classify:
    """The recipe of a classifier."""
    places: dict[str, Any] = {} if evidence else {"evidence": 0}
    return Classify(
        source=source,
        text=text,
        labelled=LabelSettings(per_class=labels),
        seed=seed,
        steps=steps,
        start_from=start,
        **places,
        **_SIZES,
    )


def measured(recipe: Classify) -> dict[str, Any]:
    """Train a classifier; its figures on the test part, and those of TF-IDF."""
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(quiet(recipe), Path(folder) / "run")
        report = report_of(run.model, open_source(recipe), recipe, 10**6)
    return {
        **{name: report[name] for name in (*_FIGURES, "deletion_attention", "deletion_gradients")},
        "deletion_random": next(iter(report["baselines"]["deletion_attention"].values())),
        "baseline": {name: report["baselines"][name][TFIDF] for name in ("accuracy", "nats", "calibration_error")},
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table, with the gain over the baseline in percentage points."""
    head = ("labels per class", "seed", "method", "accuracy, %", "95 %", "TF-IDF, %", "points above", "ECE", "its ECE")
    lines = []
    for row in rows:
        low, high, found, beside = (
            100 * value
            for value in (row["accuracy_low"], row["accuracy_high"], row["accuracy"], row["baseline"]["accuracy"])
        )
        errors = (row["calibration_error"], row["baseline"]["calibration_error"])
        interval = f"{low:.1f} to {high:.1f}"
        first = (row["labels"] or "all", row["seed"], row["method"])
        lines.append((*first, f"{found:.1f}", interval, f"{beside:.1f}", f"{found - beside:+.1f}", *errors))
    return markdown(head, lines)
