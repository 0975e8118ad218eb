"""The model card of a run, its README.md: what it is, its training data, its quality, how to use it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.references import resolve
from aigc_tf.runs import paths, previews
from aigc_tf.runs.cost import cost_of
from aigc_tf.runs.folder import read_object, read_text
from aigc_tf.runs.hub import front_matter
from aigc_tf.runs.published import published
from aigc_tf.runs.reports import read_report, rows_of_report, tables_of_report
from aigc_tf.storage.files import write_text


def write_card(path: Path, recipe: Recipe, step: int, assets: Mapping[str, Asset]) -> None:
    """Write the model card of a run from the files in its folder, with whatever is known so far.

    Args:
        path: the run's folder.
        recipe: the run's recipe.
        step: the model's training step.
        assets: what the run keeps from its source; each may add a section to the card.
    """
    promised = [asset.card_section(step) for asset in assets.values()]
    sections = [front_matter(path, recipe), _what(path, recipe, step), _samples(path), _quality(path), _data(path)]
    sections += [*promised, _use(path, recipe), _exports(path), _limits(), _recipe(recipe)]
    text = "\n\n".join(section for section in sections if section) + "\n"
    write_text(path / paths.CARD, published(text, path, recipe))


def _table(rows: dict[str, Any], head: tuple[str, str]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {key} | {_cell(value)} |" for key, value in rows.items())])


def _cell(value: Any) -> str:
    """A value escaped for a table cell."""
    return printable(str(value)).replace("|", r"\|")


def _what(path: Path, recipe: Recipe, step: int) -> str:
    summary, _, _ = (type(recipe).__doc__ or "").partition("\n")
    trained = f"Trained with aigc_tf for {step} steps. {cost_of(path, step, resolve(recipe.chooses).name)}"
    return f"# {recipe.slug()}: {path.name}\n\n{summary}\n\n{trained}".rstrip()


def _samples(path: Path) -> str:
    file = previews.latest(path)
    if file is None:
        return ""
    name = file.name.rpartition("-")[0]
    if file.suffix == ".png":
        return f"![{name}]({paths.SAMPLES}/{file.name})"
    text = textwrap.indent(read_text(file), "    ", lambda line: True)
    link = f"{paths.SAMPLES}/{file.name}"
    return f"{name.capitalize()} ([{link}]({link})):\n\n{text}"


def _quality(path: Path) -> str:
    if not (path / paths.EVALUATION).is_file():
        return "## Quality\n\nNot measured yet: `python -m aigc_tf evaluate` with this folder."
    report = read_report(path)
    pictures = report.get("pictures")  # reports of version 0.1 have none
    rows = [f"| {row.name} | {row.value} | {row.better} | {_cell(row.baselines)} |" for row in rows_of_report(report)]
    table = "\n".join(["| measure | value | better | baselines |", "| --- " * 4 + "|", *rows])
    protocol = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in report["protocol"].items())
    note = "Figures of another protocol cannot be compared with these."
    step = f"Measured at step {report['step']}."
    sections = [f"## Quality\n\n{step}", table, f"### Protocol\n\n{protocol}\n\n{note}"]
    for found in tables_of_report(report):
        lines = [found.head, ["---"] * len(found.head), *found.rows]
        written = "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
        title = printable(found.name.replace("_", " ")).capitalize()
        sections.append(f"### {title}\n\n{printable(found.caption)}\n\n{written}")
    for name, caption in pictures.items() if isinstance(pictures, dict) else ():
        if (path / f"{name}.png").is_file():
            title, file = printable(name.replace("_", " ")), printable(name)
            sections.append(f"### {title.capitalize()}\n\n{printable(str(caption))}\n\n![{title}]({file}.png)")
    return "\n\n".join(sections)


def _data(path: Path) -> str:
    return f"## Data\n\n{_table(read_object(path / paths.SOURCE), ('property', 'value'))}"


# Command, and arguments after the run's folder, for each task of a model; every run can be measured and exported.
_COMMANDS = {
    "Draws": ("sample", ""),
    "Transforms": ("transform", " INPUTS --out FOLDER"),
    "Encodes": ("encode", " INPUTS --out latents.npz"),
    "Scores": ("score", " INPUTS"),
    "Forecasts": ("forecast", ""),
    "Explains": ("explain", " --text TEXT"),
}
_OF_ALL = (("evaluate", ""), ("export", " --quantize dynamic"))


def _use(path: Path, recipe: Recipe) -> str:
    from aigc_tf.families.tasks import tasks_of  # imports TensorFlow

    commands = [*(_COMMANDS[task.__name__] for task in tasks_of(resolve(recipe.model))), *_OF_ALL]
    lines = "\n".join(f'python -m aigc_tf {command} "{path}"{arguments}' for command, arguments in commands)
    return f"""## Use

```python
import aigc_tf

run = aigc_tf.Run.open("{path}")
```

```
{lines}
```

With `--help` instead of the further arguments each lists its options for a {recipe.slug()}."""


# Errors raised when an export's report was not written by this package.
_DAMAGE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def _exports(path: Path) -> str:
    exports = [_described(report) for report in sorted((path / paths.EXPORTS).glob(f"*/{paths.EXPORT_REPORT}"))]
    if not exports:
        return ""
    files = ["| folder | bytes | operators | taken by XNNPACK | memory it adds |", "| --- " * 5 + "|"]
    note = (
        "Differences are from Keras, the largest and the mean; times are of one call in ms, the median and "
        "(95th percentile). The ratio is that of the shortest call of Keras's own LiteRT export of the same network "
        "to the shortest of this file, 1 thread."
    )
    signatures = [
        "| folder, signature | largest | mean | 1 thread | 2 threads | against Keras's export |",
        "| --- " * 6 + "|",
    ]
    measured = [row for export in exports for row in export.quality]
    head = ["| folder, signature | quality | before | after | change | limit |", "| --- " * 6 + "|"]
    phone = (
        "On a phone: load `model.tflite` with LiteRT and call its signature. In Python, without TensorFlow: "
        "`python tools/tflite_demo.py model.tflite`, a file of the repository."
    )
    parts = [
        [*files, *(export.file for export in exports)],
        [note, "", *signatures, *(row for export in exports for row in export.signatures)],
        [*head, *measured] if measured else [],
        [export.not_measured for export in exports if export.not_measured],
        [phone],
        exports[0].tensors,
    ]
    return "\n\n".join(["## Exported files", *("\n".join(lines) for lines in parts if lines)])


@dataclass(frozen=True)
class _Export:
    """An export's rows in the tables of the card."""

    file: str
    signatures: list[str]
    quality: list[str]
    """Quality before and after quantization; empty if the file has no 8-bit weights."""
    not_measured: str
    """Why the quality was not measured; empty if it was, or does not need to be."""
    tensors: list[str]


def _described(path: Path) -> _Export:
    """The rows for the export with this report.

    Raises:
        InputError: it is not a report of an export.
    """
    report, folder = read_object(path, signatures=dict, files=dict), path.parent.name
    try:
        quality = report.get("quality") or {}
        reason = quality.get("not_measured")
        return _Export(
            _file_row(folder, report),
            [_signature_row(folder, name, report) for name in report["signatures"]],
            [] if reason else [_quality_row(folder, name, found) for name, found in quality.items()],
            f"- {folder}: quality not measured, {reason}" if reason else "",
            [
                f"- `{name}`, {kind[:-1]} `{tensor}`: {facts['dtype']} {facts['shape']}, {facts['meaning']}"
                for name, signature in report["signatures"].items()
                for kind in ("inputs", "outputs")
                for tensor, facts in signature[kind].items()
            ],
        )
    except _DAMAGE as error:
        fault = f"{type(error).__name__}: {error}"
        raise InputError(f"{path} is damaged ({fault}): export again, or remove the folder it is in") from error


def _file_row(folder: str, report: dict[str, Any]) -> str:
    size = report["files"].get("model.tflite") or report["files"]["saved_model/"]
    operators, taken, memory = "", "", ""
    if "operators" in report:
        operators, taken = sum(report["operators"].values()), f"{report['xnnpack']['taken']}"
    if "peak_memory" in report:
        added = report["peak_memory"]["added_by_file_bytes"]
        memory = "not known" if added is None else f"{added / 1e6:.1f} MB"
    return f"| {folder} | {size:,} | {operators} | {taken} | {memory} |"


def _signature_row(folder: str, name: str, report: dict[str, Any]) -> str:
    difference = report["signatures"][name]["difference"]
    found = difference.get("tflite", difference["saved_model"])
    latency = report.get("latency", {}).get(name, {})
    times = [_median_and_p95(latency[threads]) if latency else "" for threads in ("1", "2")]
    ratios = report.get("keras_litert", {}).get(name, {}).get("times_faster")
    faster = f"{ratios['1']['least']:.1f} times faster" if ratios else ""
    cells = [f"{found['largest']:.2g}", f"{found['mean']:.2g}", *times, faster]
    return f"| {folder}, `{name}` | {' | '.join(cells)} |"


def _median_and_p95(latency: dict[str, float]) -> str:
    return f"{latency['median_ms']:.3f} ({latency['p95_ms']:.3f})"


def _quality_row(folder: str, name: str, found: dict[str, Any]) -> str:
    figures = " | ".join(f"{found[key]:.4g}" for key in ("before", "after", "change", "limit"))
    return f"| {folder}, `{name}` | {found['measure']} | {figures} |"


def _limits() -> str:
    return (
        "## Limits\n\nIt imitates its training data and knows nothing else: errors and biases of the data "
        "carry over. Say that its output is generated."
    )


def _recipe(recipe: Recipe) -> str:
    return f"## Recipe\n\n{_table(flatten(recipe), ('field', 'value'))}"
