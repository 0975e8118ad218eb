"""The README.md of a run: what it is, what it was trained on, how good it is, how to use it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aigc_tf import checkpoints
from aigc_tf.recipes.base import flatten

if TYPE_CHECKING:
    from aigc_tf.run import Run


def write_model_card(run: Run) -> None:
    """Write the card from the files of the run: as much as is known by now."""
    sections = [_what(run), _samples(run), _quality(run), _data(run), _use(run), _exports(run), _limits(), _recipe(run)]
    checkpoints.write_text(run.path / "README.md", "\n\n".join(section for section in sections if section) + "\n")


def _optional(run: Run, name: str) -> dict[str, Any] | None:
    return run.read_json(name) if (run.path / name).is_file() else None


def _table(rows: dict[str, Any], head: tuple[str, str]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {key} | {value} |" for key, value in rows.items())])


def _what(run: Run) -> str:
    summary = (type(run.recipe).__doc__ or "").splitlines()[0]
    return f"# {run.recipe.slug()}: {run.path.name}\n\n{summary}\n\nTrained with aigc_tf for {run.step} steps."


def _samples(run: Run) -> str:
    pictures = sorted((run.path / "samples").glob("samples-*.png"))
    return f"![samples](samples/{pictures[-1].name})" if pictures else ""


def _quality(run: Run) -> str:
    report = _optional(run, "evaluation.json")
    if report is None:
        return "## Quality\n\nNot measured yet: `python -m tools.evaluate` with this folder."
    figures = {key: f"{value:.4g}" for key, value in report.items() if isinstance(value, float)}
    protocol = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in report["protocol"].items())
    note = "Figures of another protocol cannot be compared with these."
    step = f"Measured at step {report['step']}."
    sections = [f"## Quality\n\n{step}", _table(figures, ("measure", "value"))]
    sections += [f"### Protocol\n\n{protocol}\n\n{note}"]
    if (run.path / "nearest_training_images.png").is_file():
        caption = "Samples (left) and the training images nearest to each, in pixels: is anything copied?"
        sections += [f"### Memorisation\n\n{caption}\n\n![nearest training images](nearest_training_images.png)"]
    return "\n\n".join(sections)


def _data(run: Run) -> str:
    source = dict(run.read_json("source.json"))
    return f"## Data\n\n{_table(source, ('property', 'value'))}"


def _use(run: Run) -> str:
    return f"""## Use

```python
import aigc_tf

run = aigc_tf.Run.open("{run.path}")
examples = run.generate(16, seed=0)
```

```
python -m tools.sample "{run.path}" --count 64 --out samples.png
python -m tools.export "{run.path}" --quantize dynamic
```"""


def _exports(run: Run) -> str:
    paths = sorted((run.path / "exports").glob("*/export.json"))
    reports = {path.parent.name: json.loads(path.read_text()) for path in paths}
    if not reports:
        return ""
    rows = ["| folder | bytes | largest difference from Keras | ms a call, 1 thread | 2 threads |", "| --- " * 5 + "|"]
    rows += [row for folder, report in reports.items() for row in _export_rows(folder, report)]
    signatures = next(iter(reports.values()))["signatures"]
    tensors = [
        f"- `{name}`, {kind[:-1]} `{tensor}`: {facts['dtype']} {facts['shape']}, {facts['meaning']}"
        for name, signature in signatures.items()
        for kind in ("inputs", "outputs")
        for tensor, facts in signature[kind].items()
    ]
    phone = (
        "On a phone: load `model.tflite` with LiteRT and call its signature. In Python, without TensorFlow: "
        "`python tools/tflite_demo.py model.tflite`."
    )
    return "\n\n".join(["## Exported files", "\n".join(rows), phone, "\n".join(tensors)])


def _export_rows(folder: str, report: dict[str, Any]) -> list[str]:
    size = report["files"].get("model.tflite") or report["files"]["saved_model/"]
    rows = []
    for name, signature in report["signatures"].items():
        difference = signature["difference"]
        largest = difference.get("tflite", difference["saved_model"])["largest"]
        latency = report.get("latency", {}).get(name, {})
        times = [f"{latency[threads]['median_ms']:.3f}" if threads in latency else "" for threads in ("1", "2")]
        rows.append(f"| {folder}, `{name}` | {size:,} | {largest:.2g} | {times[0]} | {times[1]} |")
    return rows


def _limits() -> str:
    return (
        "## Limits\n\nIt imitates its training data and knows nothing else: faults and biases of the data are "
        "its own too. Say that what it makes is generated."
    )


def _recipe(run: Run) -> str:
    return f"## Recipe\n\n{_table(flatten(run.recipe), ('field', 'value'))}"
