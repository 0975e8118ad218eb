"""Models of captioned pictures on held-out combinations, against baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError, say
from aigc_tf.families.flow.prompted import TextFlow
from aigc_tf.families.matching.model import Matcher
from aigc_tf.families.prompted import Prompted
from aigc_tf.families.text.captioning.model import Captioner
from aigc_tf.metrics.evaluator import Request, evaluate
from aigc_tf.recipes.options import sampling_of
from aigc_tf.references import resolve
from aigc_tf.runs.run import Run
from tools.benchmarks.readings import Results
from tools.benchmarks.tables import markdown

MODEL = "the model"
MEASURED = "match, caption, text_flow and text_gan"


def words(
    runs: Sequence[Path], judge: Path | None, guidances: Sequence[float], samples: int, results: Path
) -> list[dict[str, Any]]:
    """Figures of image-text models on their test parts; skips what `results` already has.

    Args:
        runs: trained runs of the models in `MEASURED`.
        judge: run of match with another words.split, which judges captions and pictures; None skips its figures.
        guidances: guidance scales of generated pictures; each is measured.
        samples: maximum number of samples.
        results: JSON Lines file of finished results; a repeated call continues from it.

    Returns:
        One row per figure and method: the run, its options, "figure", "method", "value", "better".

    Raises:
        InputError: a run is of another model.
    """
    done, wanted = Results(results), []
    for path in runs:
        run = Run.open(path, "best")
        if not isinstance(run.model, Matcher | Captioner | Prompted):
            raise InputError(f"{path} is a run of {run.recipe.slug()}: name runs of {MEASURED}")
        judged = {} if judge is None or isinstance(run.model, Matcher) else {"judge": str(judge)}
        for guidance in guidances if isinstance(run.model, TextFlow) else (None,):
            options = judged | ({} if guidance is None else {"guidance": guidance})
            key = {"run": path.name, "step": run.step, "samples": samples, "options": options}
            wanted.append(key)
            if not done.find(**key):
                say(f"{path.name}: measuring {options or 'it'}")
                done.add(**key, recipe=run.recipe.slug(), **_measured(run, samples, options))
    return [row for key in wanted for found in done.find(**key) for row in _rows(found)]


def _measured(run: Run, samples: int, options: dict[str, Any]) -> dict[str, Any]:
    evaluators = [resolve(reference)() for reference in run.recipe.evaluators]
    sampling = sampling_of(run.recipe, options)
    request = Request(
        part="test", samples=samples, options=options, sampling=sampling, opened=lambda path: Run.open(path).model
    )
    report = evaluate(evaluators, run.model, run.source, run.recipe, request)
    return {name: report[name] for name in ("better", "baselines", "protocol")} | {
        "figures": {name: report[name] for name in report["better"]}
    }


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for figure, value in found["figures"].items():
        of = {"run": found["run"], "guidance": found["options"].get("guidance", ""), "figure": figure}
        better = found["better"][figure]
        for method, number in ({MODEL: value} | found["baselines"].get(figure, {})).items():
            rows.append(of | {"method": method, "value": round(number, 4), "better": better})
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    return markdown([*rows[0]], [list(row.values()) for row in rows])
