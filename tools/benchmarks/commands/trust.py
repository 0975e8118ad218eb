"""Benchmarks of privacy, watermarks and robustness: damaged files, killed processes."""

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
    """Fréchet distance of the differentially private recipes by ε, and without privacy.

    Args:
        source: Data to train on.
        epsilons: Values of ε to train each recipe at.
        recipes: Short names of recipes; by default all private image recipes.
        seed: Random seed of the training.
        samples: Number of samples per measurement.
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
    """Membership inference on the training images of a VAE, with and without differential privacy.

    Args:
        source: Pictures; the model is trained on few of them, so that it overfits.
        epsilons: Values of ε; the same recipe without privacy and an ordinary VAE are also trained.
        images: Number of training images, and of others.
        steps: Steps of each training run.
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
    """Federated training, with examples divided at random and by class, against central training and one client.

    Args:
        recipe: Short name of the recipe.
        clients: Number of clients.
        rounds: Rounds of averaging.
        steps: Total steps of each client, and of the other variants.
        seed: Random seed of the training.
        source: Data to train on.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.federated import federated as measure
    from tools.benchmarks.federated import table

    rows = measure(recipe, clients, rounds, steps, seed, source, results)
    show({"rows": rows}, json) if json else print(table(rows))


def sums(clients: int = 5, weights: int = 420_000, json: bool = False) -> None:
    """Cost of a round of federated averaging for server and clients: plain, masked, and encrypted sums.

    Args:
        clients: Number of clients that respond.
        weights: Number of weights that each of them sends.
        json: Print one JSON object.
    """
    from tools.benchmarks.sums import sums as measure
    from tools.benchmarks.sums import table

    rows = measure(clients, weights)
    show({"rows": rows}, json) if json else print(table(rows))


def watermarks(place: Annotated[Path, tyro.conf.Positional], count: int = 48, json: bool = False) -> None:
    """Detection rate of watermarks: in the pictures of a folder, or in texts that a run generates.

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
    """Miss and false alarm rates of `tools.sample --refuse-classes`, on the labelled test pictures of a source.

    Args:
        run: A run of pictures, whose source is used.
        by: The run of the classifier; by default the one that evaluates models of the source.
        json: Print one JSON object.
    """
    from aigc_tf.runs.run import Run
    from tools.benchmarks.content import misses, table

    rows = misses(Run.open(run), None if by is None else Run.open(by))
    show({"rows": rows}, json) if json else print(table(rows))


def fuzz(cases: int = 2000, seed: int = 0, only: tuple[str, ...] = (), json: bool = False) -> None:
    """Fuzzing with damaged and hostile recipes, run folders, images, archives and texts: read, refused, or a traceback?

    Args:
        cases: Number of cases per reader.
        seed: Random seed of the damage.
        only: Names of readers; all by default.
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
    """Fault injection: does a run killed at random moments end exactly like an undisturbed one?

    Args:
        kills: Number of kills.
        seed: Random seed of the moments.
        every_call: Instead kill each command before each of its writing system calls (Linux on x86-64).
        works: With --every-call: names of the commands; all by default.
        most: With --every-call: maximum number of calls per command, evenly spread; all by default.
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
