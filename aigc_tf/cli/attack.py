"""Attack a run: adversarial examples, word substitutions, membership inference."""

from __future__ import annotations

import json as jsons
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_counts, require_ending, require_place, require_seed
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

SHARES = (0.25, 0.5, 1.0)
"""Fractions of ε at which the attacks are measured."""


def attack(
    run: Annotated[Path, tyro.conf.Positional],
    epsilon: str = "8/255",
    steps: int = 40,
    *,
    restarts: int = 1,
    norm: Literal["linf", "l2"] = "linf",
    queries: int = 300,
    samples: int = 200,
    judge: Literal["model", "classifier"] = "model",
    anomalies: Path | None = None,
    members: bool = False,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Attack a run: adversarial examples, word substitutions, membership inference.

    Args:
        run: The run's folder.
        epsilon: Size of the perturbation, such as 8/255 or 0.03: largest change of brightness in [0, 1], or L2 norm.
        steps: Steps of projected gradient descent (PGD).
        restarts: Random restarts of PGD.
        norm: The norm of epsilon.
        queries: Queries of the square attack, which needs no gradients.
        samples: Maximum number of test pictures or texts, and of generated pictures or anomalies.
        judge: Attack the model's own judgement, or the classifier by which models of its source are evaluated.
        anomalies: Folder of pictures that should get a high anomaly score; synthetic anomalies by default.
        members: Membership inference instead: can training examples be told from others?
        seed: Random seed.
        checkpoint: The last checkpoint, or the best one seen while training.
        out: The .png of the plot; attack.png in the run's folder if not given.
        json: Print one JSON object.
    """
    largest = number(epsilon)
    require_counts(steps=steps, restarts=restarts, queries=queries, samples=samples)
    require_seed(seed)
    if out is not None:
        require_ending(out, [".png"])
    require_place(out)

    from aigc_tf.families.text.classification.model import TextClassifier
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    if members:
        show_members(opened, samples, seed, json)
        return
    if isinstance(opened.model, TextClassifier):
        report, across = of_words(opened, samples, seed)
    else:
        chosen = {"steps": steps, "norm": norm, "restarts": restarts, "queries": queries, "seed": seed}
        report, across = of_pictures(opened, largest, samples, judge, anomalies, chosen), f"ε ({norm})"
    path = out or opened.path / "attack.png"
    write_plot(path, report, across, opened)
    print(jsons.dumps(report | {"plot": str(path)}, ensure_ascii=False) if json else in_words(report, path))


def number(words: str) -> float:
    """A share such as 8/255 or 0.03.

    Raises:
        InputError: it is not a number above 0.
    """
    try:
        found = float(Fraction(words))
    except (ValueError, ZeroDivisionError):
        found = 0.0
    if not found > 0:
        raise InputError(f"--epsilon is {words}: give a number above 0, such as 8/255 or 0.03")
    return found


def of_pictures(
    run: Any, epsilon: float, count: int, judge: str, anomalies: Path | None, chosen: dict[str, Any]
) -> dict[str, Any]:
    """The figure by ε and attack.

    Raises:
        InputError: the model does not judge pictures.
    """
    from aigc_tf.cli.inputs import batches
    from aigc_tf.modalities.pictures import Pictures
    from aigc_tf.trust.robustness import labelled_pictures, robustness, scored_pictures
    from aigc_tf.trust.subjects import classifier_judgement, judgement_of

    if judge == "classifier":
        judgement = classifier_judgement(run.source, run.recipe)
        attacked = labelled_pictures(run.source, count)
    else:
        model, judgement, odd = run.model, judgement_of(run.model), None
        if not isinstance(model.takes, Pictures):
            raise InputError(f"it judges {model.takes.name}: attacks perturb pictures or a classifier's texts")
        if anomalies is not None:
            (_, odd), *_ = batches(model.takes, [anomalies], ())
        attacked = scored_pictures(model, run.source, count, odd, chosen["seed"])
    at = [epsilon * share for share in SHARES]
    found = robustness(judgement, attacked, at, **chosen)
    return {"figure": attacked.figure, "inputs": attacked.what, "at": [0.0, *at], "attacks": found} | chosen


def of_words(run: Any, count: int, seed: int) -> tuple[dict[str, Any], str]:
    """The accuracy by the share of tokens that are substituted, and the label of the plot's x-axis."""
    from aigc_tf.trust.words import SHARES as SWAPPED
    from aigc_tf.trust.words import word_attack

    found = word_attack(run.model, run.source, count, seed)
    report = {
        "figure": "accuracy",
        "inputs": f"{found.texts} test texts",
        "at": [0.0, *SWAPPED],
        "attacks": found.accuracy,
        "seed": seed,
        "examples": found.examples[:5],
    }
    return report, "share of the tokens that may be substituted"


def show_members(run: Any, samples: int, seed: int, json: bool) -> None:
    """Print how well training examples can be told from test examples."""
    from aigc_tf.trust.membership import membership

    found = membership(run.model, run.source, samples, 5 * samples, seed)
    if json:
        print(jsons.dumps(found._asdict()))
        return
    print(f"{found.members} training and {found.others} test examples, {found.samples} generated")
    for name, auc in found.auc.items():
        print(f"{name}: AUC {auc:.3f} (chance is 0.500 ± {found.error:.3f})")


def in_words(report: dict[str, Any], plot: Path) -> str:
    """A table with a line for each strength and a column for each attack."""
    attacks = report["attacks"]
    lines = [f"{report['figure']} of {report['inputs']}", "strength  " + "  ".join(f"{name:>9}" for name in attacks)]
    for place, strength in enumerate(report["at"]):
        lines.append(f"{strength:<9.4g} " + "  ".join(f"{values[place]:9.3f}" for values in attacks.values()))
    lines += [f"{before!r}\n-> {after!r}" for before, after in report.get("examples", ())]
    return "\n".join([*lines, str(plot)])


def write_plot(path: Path, report: dict[str, Any], across: str, run: Any) -> None:
    """Plot the figure over the strength, with a curve for each attack."""
    from aigc_tf.cli.results import write_preview
    from aigc_tf.modalities.plots import lines_picture

    picture = lines_picture(report["at"], across, {report["figure"]: report["attacks"]})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_preview(path, picture, run.made_by(report["seed"]))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(attack, arguments)
