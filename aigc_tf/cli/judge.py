"""Human evaluation: a page on which people say which examples are real, and the evaluation of their answers."""

from __future__ import annotations

import hashlib
import json as jsons
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from aigc_tf.cli.checks import require_counts, require_place, require_seed
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError, printable

PAGE, KEY = "index.html", "key.json"


def judge(
    run: Annotated[Path, tyro.conf.Positional],
    count: int = 40,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    answers: tuple[Path, ...] = (),
    json: bool = False,
) -> None:
    """Human evaluation: a page on which people say which examples are real, and the evaluation of their answers.

    Args:
        run: The run's folder.
        count: Examples on the page: half from the test part, half generated, in random order.
        seed: Random seed of the generated examples and of the order.
        out: Folder of the page: index.html to hand out, and key.json to keep. Default: judge in the run's folder.
        checkpoint: The last checkpoint, or the best one seen while training.
        answers: Files of answers that people have saved: print how often they were fooled.
        json: Print one JSON object.
    """
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    folder = out or opened.path / "judge"
    if answers:
        report = said_by(folder, answers)
        print(jsons.dumps(report) if json else in_words(report))
        return
    require_counts(count=count)
    require_seed(seed)
    require_place(folder)
    page = write_sheet(opened, count, seed, folder)
    print(jsons.dumps({"page": str(page), "key": str(folder / KEY)}) if json else page)


def write_sheet(run: Any, count: int, seed: int, folder: Path) -> Path:
    """Write the page and its key.

    Raises:
        InputError: the model does not generate, or there are no test examples.
    """
    from aigc_tf.cli.judging_page import judging_page
    from aigc_tf.metrics.judgement import GENERATED, REAL
    from aigc_tf.storage.files import write_text

    model = run.able("Draws")
    real = list(run.source.inputs("test", count // 2))
    if not real:
        raise InputError(f"{run.source.name} has no test examples: there is nothing real to show")
    made = list(model.generate(len(real), seed))
    values = as_shown(model.gives, real, made)
    truths = [REAL] * len(real) + [GENERATED] * len(made)
    order = np.random.default_rng(seed).permutation(len(values))
    items = [(str(number), values[index]) for number, index in enumerate(order)]
    key = {str(number): truths[index] for number, index in enumerate(order)}
    sheet = hashlib.sha256("".join(values).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / PAGE, judging_page(model.gives.name, sheet, items))
    write_text(folder / KEY, jsons.dumps({**run.made_by(seed), "sheet": sheet, "key": key}, indent=1) + "\n")
    return folder / PAGE


def as_shown(modality: Any, real: Sequence[Any], made: Sequence[Any]) -> list[str]:
    """Each example as text or as a data URL of a PNG; texts are truncated to the same maximum on both sides."""
    from aigc_tf.modalities.drawing import data_url

    shown = [modality.show(modality.stack([value])) for value in (*real, *made)]
    texts = [value for value in shown if isinstance(value, str)]
    if texts:
        longest = min(max(map(len, part)) for part in (shown[: len(real)], shown[len(real) :]))
        return [text[:longest].strip() for text in texts]
    return [data_url(picture, 128) for picture in shown]


def said_by(folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """The evaluation of the answers in files.

    Raises:
        InputError: there is no key in the folder, or a file does not hold answers to its page.
    """
    from aigc_tf.metrics.judgement import GENERATED, REAL, judged
    from aigc_tf.runs.folder import read_object

    known = read_object(folder / KEY, sheet=str, key=dict)
    found: dict[str, Mapping[str, str]] = {}
    for path in files:
        given = read_object(path, sheet=str, rater=str, answers=dict)
        if given["sheet"] != known["sheet"]:
            raise InputError(f"{path} answers a different sheet from the one in {folder}: name its folder with --out")
        if not given["answers"]:
            raise InputError(f"{path} has no answers: leave it out")
        for item, said in given["answers"].items():
            if item not in known["key"] or said not in (REAL, GENERATED):
                raise InputError(f"{path}: there is no item {printable(item)}, or its answer is not real or generated")
        name = printable(given["rater"])
        found[name if name not in found else f"{name}, {path.name}"] = given["answers"]
    return judged(known["key"], found)


def in_words(report: Mapping[str, Any]) -> str:
    """A line for each figure."""
    meanings = {
        "right": "right answers (50 % is guessing)",
        "fooled": "generated ones taken for real",
        "doubted": "real ones taken for generated",
    }
    lines = [f"{report['answers']} answers by {', '.join(report['raters'])}"]
    for name, meaning in meanings.items():
        if report[name]:
            share, low, high = (100 * report[name][part] for part in ("share", "low", "high"))
            lines.append(f"{share:.0f} % {meaning}, 95 % interval {low:.0f} to {high:.0f}")
    if "agreement" in report:
        lines.append(f"agreement of the raters (Fleiss' kappa): {report['agreement']:.2f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(judge, arguments)
