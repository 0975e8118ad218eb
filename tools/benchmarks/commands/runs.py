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


def sound(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    samples: int = 1000,
    real: Path | None = None,
    json: bool = False,
) -> None:
    """Runs of sound on their test recordings, and the real-time factor of their files.

    Args:
        runs: Run folders.
        samples: Sounds that are made to measure each.
        real: A folder of recordings named by their class, which the classifier that measures is tried on.
        json: Print one JSON object.
    """
    from tools.benchmarks.sound import sound as measure

    report = measure(runs, samples, real)
    show(report, json) if json else print(report["table"])


def music_rules(
    run: Annotated[Path, tyro.conf.Positional],
    part: Literal["validation", "test"] = "validation",
    ways: tuple[str, ...] = (),
    fitted: bool = False,
) -> None:
    """Parallels and histograms of pieces that a run of music draws in several ways, beside real pieces.

    Args:
        run: The run's folder.
        part: Whose pieces stand beside; ways are chosen on validation.
        ways: Which, by their names; all if not given.
        fitted: Fit the lower voices to the part's highest ones, instead of drawing all.
    """
    from aigc_tf.runs.run import Run
    from tools.benchmarks import music_rules as rules

    print(rules.table([*rules.music_rules(Run.open(run), part, list(ways or rules.WAYS), fitted)]))


def labels(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    labels: tuple[int, ...] = (10, 50),
    seeds: tuple[int, ...] = (0, 1, 2),
    steps: int = 200,
    pictures: int = 10_000,
    json: bool = False,
) -> None:
    """Classes of pictures from few labels: linear probe and fine-tuning beside logistic regression, SVM, from scratch.

    Args:
        runs: Runs of simclr or masked_autoencoder; and of semi_vae or semi_gan, with the labels that they had.
        labels: Labels of each class.
        seeds: Random seeds of the choice of the labels.
        steps: Updates of a network with the labels, of 50 pictures each.
        pictures: Test pictures, at most.
        json: Print one JSON object.
    """
    from tools.benchmarks.labels import labels as measure
    from tools.benchmarks.labels import table

    rows = measure(runs, labels, seeds, steps, pictures)
    show({"rows": rows}, json) if json else print(table(rows))


def pruning(
    run: Annotated[Path, tyro.conf.Positional],
    sparsity: tuple[float, ...] = (0.5, 0.75, 0.9),
    steps: int = 1500,
    samples: int = 5000,
    figure: str | None = None,
    results: Path = Path("saved_models/benchmarks/pruning.jsonl"),
    json: bool = False,
) -> None:
    """A run without single weights and without whole channels: quality, size of the file after compression, latency.

    Args:
        run: The run's folder, of a GAN or a restoring network.
        sparsity: Shares of the weights that are gone.
        steps: Number of training steps that follow.
        samples: Samples to measure the quality of, at most.
        figure: Which figure of quality the table has. Default: the one that chooses checkpoints, or the first.
        results: File of finished results; pruned runs lie beside it. A repeated call continues from both.
        json: Print one JSON object.
    """
    from tools.benchmarks.pruning import pruning as measure

    report = measure(run, sparsity, steps, samples, figure, results)
    show({"rows": report["rows"]}, json) if json else print(report["table"])


def transfer(
    run: Annotated[Path, tyro.conf.Positional],
    source: str,
    examples: tuple[int, ...] = (100, 300, 1000),
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    seconds: tuple[float, ...] = (60.0,),
    freeze: tuple[str, ...] = (),
    samples: int = 5000,
    figure: str | None = None,
    results: Path = Path("saved_models/benchmarks/transfer.jsonl"),
    processor_time: bool = False,
    json: bool = False,
) -> None:
    """A run gone on with on few examples of another source, beside its recipe from scratch at equal time.

    Args:
        run: The run's folder: of pictures, photographs or text.
        source: Another source of its kind.
        examples: Numbers of training examples: pictures, photographs, lines, or windows of a text.
        seeds: Random seeds of the choice of the examples and of the training.
        seconds: Seconds of training; shorter ones are read on the way.
        freeze: Patterns of layers that stay as they are, as of trainers; measured beside the others.
        samples: Samples to measure the quality of, at most.
        figure: Which figure of quality the table has. Default: the one that chooses checkpoints, or the first.
        results: File of finished results; a repeated call continues from it.
        processor_time: Count the seconds of all processors together, which other programs do not disturb.
        json: Print one JSON object.
    """
    from tools.benchmarks.transfer import transfer as measure

    report = measure(
        run, source, examples, seeds, seconds, freeze, samples, figure, results, processor_time=processor_time
    )
    show({"rows": report["rows"]}, json) if json else print(report["table"])


COMMANDS = (
    export,
    pruning,
    transfer,
    scores,
    export_matrix,
    labels,
    memory,
    scaling,
    recommendation,
    music,
    music_rules,
    sound,
)
