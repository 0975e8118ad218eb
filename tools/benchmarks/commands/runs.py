"""Benchmarks of runs and of exported files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

from tools.benchmarks.showing import show


def export(
    run: Annotated[Path, tyro.conf.Positional],
    quantize: tuple[Literal["none", "float16", "dynamic", "int8"], ...] = ("none", "float16", "dynamic", "int8"),
    json: bool = False,
) -> None:
    """Exported files of a run, in each quantization, beside Keras's own LiteRT export and ONNX Runtime.

    Args:
        run: The run's folder.
        quantize: Quantizations to measure; quality is measured for dynamic and int8.
        json: Print one JSON object.
    """
    from tools.benchmarks.exports import exports, table

    report = exports(run, quantize)
    show(report, json) if json else print(table(report))


def export_matrix(
    steps: int = 20, results: Path = Path("saved_models/benchmarks/export_matrix.jsonl"), json: bool = False
) -> None:
    """Every recipe's tiny version, hardly trained, exported in every quantization.

    Args:
        steps: Number of training steps.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.export_matrix import export_matrix as measure
    from tools.benchmarks.export_matrix import table

    rows = measure(steps, results)
    show({"rows": rows}, json) if json else print(table(rows))


def scores(
    run: Annotated[Path, tyro.conf.Positional],
    files: Annotated[tuple[Path, ...], tyro.conf.Positional],
    examples: int = 1000,
    json: bool = False,
) -> None:
    """Anomaly scores of exported files beside those of the network, on ordinary and on strange pictures.

    Args:
        run: The run's folder.
        files: `model.tflite` of its exports.
        examples: Pictures of each kind.
        json: Print one JSON object.
    """
    from tools.benchmarks.scores import scores as measure
    from tools.benchmarks.scores import table

    report = measure(run, files, examples)
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


def memory(steps: int = 10_000, images: int = 100_000, json: bool = False) -> None:
    """Whether memory grows with the steps of training and with the images that are sampled and evaluated.

    Args:
        steps: Number of training steps.
        images: Number of images to sample and evaluate.
        json: Print one JSON object.
    """
    from tools.benchmarks.memory import memory as measure
    from tools.benchmarks.memory import table

    report = measure(steps, images)
    show(report, json) if json else print(table(report))


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


def scaling(workers: int = 2, batch_size: int = 256, steps: int = 20, rounds: int = 5, json: bool = False) -> None:
    """A DCGAN on several local workers with one thread each, and on one: images a second, in turns.

    Args:
        workers: Number of workers; at most as many as there are free cores.
        batch_size: Images per step, of all workers together.
        steps: Number of steps of each training.
        rounds: Number of trainings of each.
        json: Print one JSON object.
    """
    from tools.benchmarks.scaling import scaling as measure
    from tools.benchmarks.scaling import table

    report = measure(workers, batch_size, steps, rounds)
    show(report, json) if json else print(table(report))


def recommendation(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    seeds: tuple[int, ...] = (0, 1, 2),
    results: Path = Path("saved_models/benchmarks/recommendation.jsonl"),
    json: bool = False,
) -> None:
    """Recommenders over five folds of the users, beside popularity, item-kNN and EASE on the same users.

    Args:
        runs: Folders of runs, whose recipes are trained anew for each fold and seed.
        seeds: Random seeds of the training.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.recommendation import recommendation as measure
    from tools.benchmarks.recommendation import summary, table

    rows = measure(runs, seeds, results)
    show({"methods": summary(rows)}, json) if json else print(table(rows))


def music(runs: Annotated[tuple[Path, ...], tyro.conf.Positional], json: bool = False) -> None:
    """Runs of music on their test pieces beside an n-gram and real pieces, and the real-time factor of their files.

    Args:
        runs: Run folders, such as those of several seeds.
        json: Print one JSON object.
    """
    from tools.benchmarks.music import music as measure

    report = measure(runs)
    show(report, json) if json else print(report["table"])


COMMANDS = (export, scores, export_matrix, faults, fuzz, memory, privacy, scaling, recommendation, music)
