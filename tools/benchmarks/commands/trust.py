"""Benchmarks of what can be relied on: privacy, watermarks, damaged files, killed processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from tools.benchmarks.showing import show


def privacy(
    source: str = "fashion_mnist",
    epsilons: tuple[float, ...] = (1.0, 3.0, 10.0),
    recipes: tuple[str, ...] = (),
    seed: int = 0,
    samples: int = 10_000,
    results: Path = Path("saved_models/benchmarks/privacy.jsonl"),
    json: bool = False,
) -> None:
    """The Fréchet distance of the private recipes against ε, beside the same training without privacy.

    Args:
        source: Data to train on.
        epsilons: Values of ε to train each recipe at.
        recipes: Short names of recipes; all private recipes of images if not given.
        seed: Random seed of the training.
        samples: Number of samples for the figures.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.privacy import privacy as measure
    from tools.benchmarks.privacy import table

    rows = measure(epsilons, recipes, seed, samples, source, results)
    show({"rows": rows}, json) if json else print(table(rows))


def members(
    source: str = "fashion_mnist",
    epsilons: tuple[float, ...] = (1.0, 3.0, 10.0),
    images: int = 1000,
    steps: int = 2000,
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/members.jsonl"),
    json: bool = False,
) -> None:
    """Can training images of a VAE be told from others, and what does differential privacy do to that?

    Args:
        source: Pictures; few of them are trained on, so that there is something to tell.
        epsilons: Values of ε to train with, beside the same recipe without one, and an ordinary VAE.
        images: Training images, and as many others.
        steps: Of each training.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.members import members as measure
    from tools.benchmarks.members import table

    rows = measure(source, epsilons, images, steps, seed, results)
    show({"rows": rows}, json) if json else print(table(rows))


def federated(
    recipe: str = "vae",
    clients: int = 5,
    rounds: int = 20,
    steps: int = 1000,
    seed: int = 0,
    source: str = "fashion_mnist",
    results: Path = Path("saved_models/benchmarks/federated.jsonl"),
    json: bool = False,
) -> None:
    """A recipe trained by clients in rounds, at random and by class, beside all examples and one client alone.

    Args:
        recipe: Its short name.
        clients: Among which the examples are dealt out.
        rounds: In which the weights are averaged.
        steps: Of each client in all, and of the other ways.
        seed: Of training.
        source: What to train on.
        results: JSON Lines file; a benchmark that is called again goes on from there.
        json: Print one JSON object.
    """
    from tools.benchmarks.federated import federated as measure
    from tools.benchmarks.federated import table

    rows = measure(recipe, clients, rounds, steps, seed, source, results)
    show({"rows": rows}, json) if json else print(table(rows))


def sums(clients: int = 5, weights: int = 420_000, json: bool = False) -> None:
    """What a round of federated training costs the server and its clients: sums in the open, masked, and encrypted.

    Args:
        clients: That answer.
        weights: Numbers that each of them sends.
        json: Print one JSON object.
    """
    from tools.benchmarks.sums import sums as measure
    from tools.benchmarks.sums import table

    rows = measure(clients, weights)
    show({"rows": rows}, json) if json else print(table(rows))


def watermarks(place: Annotated[Path, tyro.conf.Positional], count: int = 48, json: bool = False) -> None:
    """How often watermarks are found again: in the pictures of a folder, or in texts that a run writes.

    Args:
        place: A folder of pictures, or a run of a language model.
        count: Pictures, or texts of each kind.
        json: Print one JSON object.
    """
    from aigc_tf.cli.newest import is_run
    from aigc_tf.runs.run import Run
    from tools.benchmarks import watermarks as marks

    rows = marks.texts(Run.open(place), count) if is_run(place) else marks.pictures(place, count)
    show({"rows": rows}, json) if json else print(marks.table(rows))


def content(run: Annotated[Path, tyro.conf.Positional], by: Path | None = None, json: bool = False) -> None:
    """What `tools.sample --refuse-classes` lets pass and refuses wrongly, on the labelled test pictures of a source.

    Args:
        run: A run of pictures, whose source is looked at.
        by: The run of the classifier; the classifier by which models of the source are measured if not given.
        json: Print one JSON object.
    """
    from aigc_tf.runs.run import Run
    from tools.benchmarks.content import misses, table

    rows = misses(Run.open(run), None if by is None else Run.open(by))
    show({"rows": rows}, json) if json else print(table(rows))


def fuzz(cases: int = 2000, seed: int = 0, only: tuple[str, ...] = (), json: bool = False) -> None:
    """Damaged and hostile recipes, run folders, images, archives and texts: read, refused in one line, or a traceback?

    Args:
        cases: Number of cases for each reader.
        seed: Random seed of the damage.
        only: Names of readers; all if not given.
        json: Print one JSON object.
    """
    from tools.benchmarks.fuzz import fuzz as measure
    from tools.benchmarks.fuzz import table

    report = measure(cases, seed, only)
    show(report, json) if json else print(table(report))


def faults(
    kills: int = 50,
    seed: int = 0,
    every_call: bool = False,
    works: tuple[str, ...] = (),
    most: int | None = None,
    json: bool = False,
) -> None:
    """A run killed at random moments and other faults: does it end as one that nothing happened to?

    Args:
        kills: Number of kills.
        seed: Random seed of the moments.
        every_call: Instead end work before each of its system calls that write (Linux on x86-64).
        works: With --every-call: names of works; all if not given.
        most: With --every-call: the most calls of each work, evenly spread; all if not given.
        json: Print one JSON object.
    """
    if every_call:
        from tools.benchmarks.every_call import every_call as try_every_call
        from tools.benchmarks.every_call import table as table_of_calls

        found = try_every_call(works, most)
        show(found, json) if json else print(table_of_calls(found))
        return
    from tools.benchmarks.faults import faults as measure
    from tools.benchmarks.faults import table

    report = measure(kills, seed)
    show(report, json) if json else print(table(report))


COMMANDS = (privacy, members, federated, sums, watermarks, content, fuzz, faults)
