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
    """Exported files of a run, in each quantization, against Keras's own LiteRT export and ONNX Runtime.

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
    """Every recipe's tiny version, trained for a few steps, exported in every quantization.

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
    """Anomaly scores of exported files against those of the network, on ordinary and on anomalous pictures.

    Args:
        run: The run's folder.
        files: The `model.tflite` of its exports.
        examples: Pictures of each kind.
        json: Print one JSON object.
    """
    from tools.benchmarks.scores import scores as measure
    from tools.benchmarks.scores import table

    report = measure(run, files, examples)
    show(report, json) if json else print(table(report))


def memory(steps: int = 10_000, images: int = 100_000, json: bool = False) -> None:
    """Whether memory grows with the number of training steps and of sampled and evaluated images.

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
    """Training throughput of a DCGAN on several local workers with one thread each, and on one, alternately.

    Args:
        workers: Number of workers; at most as many as there are free cores.
        batch_size: Images per step, of all workers together.
        steps: Steps per training run.
        rounds: Training runs of each.
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
    """Recommenders, cross-validated over five folds of the users, against popularity, item-kNN and EASE.

    Args:
        runs: Folders of runs, whose recipes are trained again for each fold and seed.
        seeds: Random seeds of the training.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.recommendation import recommendation as measure
    from tools.benchmarks.recommendation import summary, table

    rows = measure(runs, seeds, results)
    show({"methods": summary(rows)}, json) if json else print(table(rows))


def music(runs: Annotated[tuple[Path, ...], tyro.conf.Positional], json: bool = False) -> None:
    """Music models on their test pieces against an n-gram and real pieces, and the real-time factor of their files.

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
    """Sound models on their test recordings, and the real-time factor of their files.

    Args:
        runs: Run folders.
        samples: Sounds generated to measure each.
        real: A folder of recordings named by their class, on which the evaluating classifier is tested.
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
    """Parallels and histograms of pieces generated with several sampling settings, against real pieces.

    Args:
        run: The run's folder.
        part: The part with the real pieces; settings are selected on validation.
        ways: Names of the sampling settings; all by default.
        fitted: Harmonise the part's highest voices instead of generating all voices.
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
    """Few-label classification: linear probe and fine-tuning against logistic regression, SVM, and from scratch.

    Args:
        runs: Runs of simclr or masked_autoencoder; and of semi_vae or semi_gan, with the labels of their training.
        labels: Labels per class.
        seeds: Random seeds of the choice of the labels.
        steps: Training steps of a network on the labels, with 50 pictures each.
        pictures: Maximum number of test pictures.
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
    """Pruning of weights and of whole channels: quality, compressed file size, latency.

    Args:
        run: The run's folder, of a GAN or a restoration network.
        sparsity: Shares of the weights to prune.
        steps: Number of fine-tuning steps.
        samples: Maximum number of samples to measure the quality.
        figure: The quality figure of the table. Default: the one that selects checkpoints, or the first.
        results: File of finished results; pruned runs are stored next to it. A repeated call continues from both.
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
    """Transfer learning: fine-tuning a run on few examples of another source, against training from scratch.

    Args:
        run: The run's folder: of pictures, photographs or text.
        source: Another source of its kind.
        examples: Numbers of training examples: pictures, photographs, lines, or windows of a text.
        seeds: Random seeds of the choice of the examples and of the training.
        seconds: Training times in seconds, equal for both; shorter ones are measured within the longest run.
        freeze: Patterns of frozen layers, as for trainers; measured as a further variant.
        samples: Maximum number of samples to measure the quality.
        figure: The quality figure of the table. Default: the one that selects checkpoints, or the first.
        results: File of finished results; a repeated call continues from it.
        processor_time: Count CPU time of all cores together, which other programs do not affect.
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
