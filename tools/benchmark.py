"""Measure this project on this machine, against what people would use instead.

    python -m tools.benchmark train             the training step against keras.io's and TensorFlow's tutorials
    python -m tools.benchmark quality           the Fréchet distance after 60, 120 and 240 s against the tutorial
    python -m tools.benchmark data              the input pipeline alone
    python -m tools.benchmark export RUN        exported files against Keras's own export

Nothing else should run meanwhile. Figures of different machines cannot be compared, their ratios can.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from tyro.extras import SubcommandApp

from aigc_tf.command_line import friendly_exit

app = SubcommandApp()


@app.command
def train(batch_size: int = 128, rounds: int = 30, json: bool = False) -> None:
    """The training step of the DCGAN against keras.io's and TensorFlow's, same networks.

    Args:
        batch_size: Images in a step.
        rounds: Steps of each variant.
        json: Print one JSON object.
    """
    from tools.benchmarks.step_speed import step_speed

    show(step_speed(batch_size, rounds), json)


@app.command
def quality(
    seconds: tuple[float, ...] = (60.0, 120.0, 240.0),
    seeds: tuple[int, ...] = (0, 1, 2),
    samples: int = 10_000,
    source: str = "fashion_mnist",
    results: Path = Path("saved_models/benchmarks/quality.jsonl"),
    plot: Path | None = None,
    json: bool = False,
) -> None:
    """The Fréchet distance reached in the same time, against TensorFlow's tutorial loop, same networks.

    Args:
        seconds: Of training.
        seeds: Each trains both sides.
        samples: For a reading.
        source: What to train on.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        plot: A picture of all readings.
        json: Print one JSON object.
    """
    from tools.benchmarks.quality_for_time import quality_for_time

    show(quality_for_time(seconds, seeds, samples, source, results, plot), json)


@app.command
def data(source: str = "auto", batch_size: int = 32, seconds: float = 3.0, json: bool = False) -> None:
    """Images per second of the pipeline alone, and how many times what the DCGAN's training consumes.

    Args:
        source: As for training.
        batch_size: Images in a batch.
        seconds: To measure each.
        json: Print one JSON object.
    """
    from tools.benchmarks.pipeline import pipeline

    show(pipeline(source, batch_size, seconds), json)


@app.command
def export(
    run: Annotated[Path, tyro.conf.Positional],
    quantize: tuple[Literal["none", "float16", "dynamic", "int8"], ...] = ("none", "float16", "dynamic", "int8"),
    json: bool = False,
) -> None:
    """Exported files of a run, in each quantisation, beside Keras's own LiteRT export of the same network.

    Args:
        run: The run's folder.
        quantize: Which to measure.
        json: Print one JSON object.
    """
    from tools.benchmarks.exports import exports

    show(exports(run, quantize), json)


def show(report: dict[str, Any], as_json: bool) -> None:
    """Print a report as one JSON object on a line, or to be read."""
    import json

    print(json.dumps(report) if as_json else json.dumps(report, indent=2))


if __name__ == "__main__":
    with friendly_exit():
        app.cli(prog="python -m tools.benchmark", config=(tyro.conf.FlagCreatePairsOff,))
