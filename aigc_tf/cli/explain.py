"""Explain a model's outputs (saliency, attributions), and check whether the explanations are meaningful."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_inputs, require_place
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError, say

if TYPE_CHECKING:
    from aigc_tf.runs.run import Run
    from aigc_tf.trust.report import Report

PAGE = "explanation.html"


def explain(
    run: Annotated[Path, tyro.conf.Positional],
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional] = (),
    *,
    text: tuple[str, ...] = (),
    out: Path | None = None,
    judge: Literal["model", "classifier"] = "model",
    also: tuple[Literal["lime", "shap"], ...] = (),
    tensorboard: bool = False,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Explain a model's outputs, and check whether the explanations are meaningful.

    Without inputs: what each latent dimension changes.

    Args:
        run: The run's folder.
        paths: Input files, or folders of them.
        text: Texts instead of files, for a model that takes text; for a transformer at most as long as its context.
        out: The .html report to write, or its folder; the run's folder if not given. A model that shows what it expects
            writes separate pages and pictures to a folder.
        judge: Explain the model's own judgement, or that of the classifier by which models of its source are evaluated.
        also: Add maps by LIME and SHAP: pip install 'aigc-tf[explain]'.
        tensorboard: Also write maps and curves for TensorBoard, into the run's folder.
        checkpoint: The last checkpoint, or the best one seen while training.
    """
    if "" in text:
        raise InputError("--text is empty: give the text to read")
    if paths or text:
        require_inputs(paths, text)
    require_place(out)

    from aigc_tf.cli.inputs import batches
    from aigc_tf.families.tasks import Decodes, Explains, modality_of
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    title = f"{opened.recipe.slug()}, step {opened.step}"
    if not (paths or text):
        if also or not isinstance(opened.model, Decodes):
            require_inputs(paths, text)
        from aigc_tf.trust.latents import latent_report

        deliver_report(latent_report(opened.model), opened, title, out, tensorboard)
        return
    found = list(batches(modality_of(opened.model), paths, text))
    names, values = [name for part, _ in found for name in part], [value for _, part in found for value in part]
    is_page = also or tensorboard or (out is not None and out.suffix == ".html")
    if isinstance(opened.model, Explains) and judge == "model" and not is_page:
        write_expectations(out or run, opened, title, values)
        return
    report = report_of(opened, title, names, values, judge, also)
    for name, verdict in report.verdicts.items():
        say(f"{name}: {verdict}")
    deliver_report(report, opened, title, out, tensorboard)


def report_of(
    run: Any, title: str, names: Sequence[str], values: Sequence[Any], judge: str, also: Sequence[str]
) -> Report:
    """The report on inputs.

    Raises:
        InputError: the model judges nothing, there is no classifier, or a library is not installed.
    """
    from aigc_tf.families.tasks import Explains
    from aigc_tf.families.text.classification.model import TextClassifier
    from aigc_tf.trust import explaining
    from aigc_tf.trust.subjects import classifier_judgement, judgement_of

    if judge == "classifier":
        judgement = classifier_judgement(run.source, run.recipe)
        return explaining.of_judgement(judgement, names, values, run.source, also)
    if isinstance(run.model, TextClassifier):
        return explaining.of_texts(run.model, title, values, source_of(run), also)
    if isinstance(run.model, Explains):
        if also:
            raise InputError(f"a {run.recipe.slug()} shows what it expects: leave --also out")
        return explaining.of_expectations(run.model, title, values)
    return explaining.of_judgement(judgement_of(run.model), names, values, source_of(run), also)


def source_of(run: Any) -> Any:
    """The run's source; None, with a warning, if it is no longer available."""
    try:
        return run.source
    except InputError as error:
        say(f"warning: {error}; explanations are checked on the inputs alone")
        return None


def write_expectations(folder: Path, run: Any, title: str, values: Sequence[Any]) -> None:
    """Write a model's explanations of each input: `surprise.html`, `attention.png`; numbered if there are several."""
    from aigc_tf.cli.results import write_preview

    folder.mkdir(parents=True, exist_ok=True)
    for number, value in enumerate(values, 1):
        for name, preview in run.model.explain(value, title).items():
            stem = name if len(values) == 1 else f"{name}-{number}"
            path = folder / f"{stem}{'.html' if isinstance(preview, str) else '.png'}"
            write_preview(path, preview, run.made_by())
            print(path)


def deliver_report(report: Report, run: Run, title: str, out: Path | None, tensorboard: bool) -> None:
    """Write the report as a page and, if asked for, for TensorBoard; say where they are.

    Raises:
        InputError: there is nothing to show in TensorBoard.
    """
    from aigc_tf.cli.results import write_preview
    from aigc_tf.runs import paths
    from aigc_tf.trust.events import write_events
    from aigc_tf.trust.report import page

    path = out if out is not None and out.suffix == ".html" else (out or run.path) / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_preview(path, page(title, report.sections), run.made_by())
    print(path)
    if tensorboard:
        if not report.shown:
            raise InputError("--tensorboard shows maps, curves and pictures, and this run has none: leave it out")
        write_events(run.path / paths.EXPLANATION_EVENTS, report)
        print(run.path / paths.EXPLANATION_EVENTS)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(explain, arguments)
