"""Measure this project on this machine, against what people would use instead.

    python -m tools.benchmark train             the training step against keras.io's and TensorFlow's tutorials
    python -m tools.benchmark quality           the Fréchet distance after 60, 120 and 240 s against the tutorial
    python -m tools.benchmark vae               bound and Fréchet distance of the convolutional VAE against keras.io's
    python -m tools.benchmark vae-train         the VAE's training step against keras.io's
    python -m tools.benchmark data              the input pipeline alone
    python -m tools.benchmark export RUN        exported files against Keras's own export and ONNX Runtime
    python -m tools.benchmark export-matrix     every recipe's tiny version in every quantisation
    python -m tools.benchmark steps             language models token by token against the growing prefix
    python -m tools.benchmark compression RUN   an autoencoder's latents against JPEG and WebP
    python -m tools.benchmark anomalies         one class against the rest, beside PCA and an isolation forest
    python -m tools.benchmark denoising         denoisers against a median filter and non-local means
    python -m tools.benchmark forecasts         the autoregressive model beside statsmodels' and naive forecasts
    python -m tools.benchmark text --recipe gpt bits per character after 5 and 15 minutes
    python -m tools.benchmark gpt --torch PYTHON the transformer beside nanoGPT's CPU setting
    python -m tools.benchmark likelihood RUN    the bounds of a variational autoencoder with 1, 100 and 5,000 samples
    python -m tools.benchmark augmentation RUN  a classifier of few images, with and without generated ones

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
def vae(
    seconds: tuple[float, ...] = (120.0, 600.0),
    seeds: tuple[int, ...] = (0, 1, 2),
    samples: int = 10_000,
    source: str = "fashion_mnist",
    results: Path = Path("saved_models/benchmarks/vae.jsonl"),
    json: bool = False,
) -> None:
    """Bound and Fréchet distance reached in the same time, the convolutional VAE against keras.io's example.

    Args:
        seconds: Of training.
        seeds: Each trains all sides.
        samples: For the Fréchet distance.
        source: What to train on.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        json: Print one JSON object.
    """
    from tools.benchmarks.vae_quality import vae_quality

    show(vae_quality(seconds, seeds, samples, source, results), json)


@app.command
def vae_train(batch_size: int = 128, rounds: int = 50, json: bool = False) -> None:
    """The VAE's training step against keras.io's, over the same networks.

    Args:
        batch_size: Images in a step.
        rounds: Steps of each variant.
        json: Print one JSON object.
    """
    from tools.benchmarks.vae_quality import vae_step_speed

    show(vae_step_speed(batch_size, rounds), json)


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
    """Exported files of a run, in each quantisation, beside Keras's own LiteRT export and ONNX Runtime.

    Args:
        run: The run's folder.
        quantize: Which to measure; quality is measured for dynamic and int8.
        json: Print one JSON object.
    """
    from tools.benchmarks.exports import exports, table

    report = exports(run, quantize)
    show(report, json) if json else print(table(report))


@app.command
def export_matrix(
    steps: int = 20, results: Path = Path("saved_models/benchmarks/export_matrix.jsonl"), json: bool = False
) -> None:
    """Every recipe's tiny version, hardly trained, exported in every quantisation.

    Args:
        steps: Of training.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        json: Print one JSON object.
    """
    from tools.benchmarks.export_matrix import export_matrix as measure
    from tools.benchmarks.export_matrix import table

    rows = measure(steps, results)
    show({"rows": rows}, json) if json else print(table(rows))


@app.command
def steps(tokens: int = 256, rounds: int = 5, json: bool = False) -> None:
    """Tokens per second of an LSTM's and a transformer's step, against the two ways that tutorials decode.

    Args:
        tokens: Length of the text.
        rounds: Texts of each variant.
        json: Print one JSON object.
    """
    from tools.benchmarks.steps import steps as measure

    show(measure(tokens, rounds), json)


@app.command
def compression(run: Annotated[Path, tyro.conf.Positional], json: bool = False) -> None:
    """The rate and the PSNR of an autoencoder's latents in 8 bits, beside JPEG and WebP, on the test images.

    Args:
        run: The run's folder.
        json: Print one JSON object.
    """
    from tools.benchmarks.compression import compression as measure

    show(measure(run), json)


@app.command
def denoising(
    seconds: float = 300.0,
    source: str = "fashion_mnist",
    images: int = 10_000,
    vae: bool = False,
    results: Path = Path("saved_models/benchmarks/denoising.jsonl"),
    json: bool = False,
) -> None:
    """PSNR and SSIM of denoised test images, against a median filter and non-local means; needs scikit-image.

    Args:
        seconds: Of training, of each network for each noise.
        source: What to train on.
        images: Of the test split.
        vae: Measure the denoising VAE, too.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        json: Print one JSON object.
    """
    from tools.benchmarks.denoising import denoising as measure

    show(measure(source, seconds, images, vae, results), json)


@app.command
def likelihood(
    run: Annotated[Path, tyro.conf.Positional],
    binarise: Literal["none", "static", "dynamic"] | None = None,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Bounds on the likelihood of test images by a variational autoencoder, with 1, 100 and 5,000 samples.

    Args:
        run: The run's folder; to train on binarised images, give a trainer --binarise.
        binarise: Measure grey values, one fixed Bernoulli draw of each pixel (static) or a draw that depends on
            the seed (dynamic). As the run was trained if not given.
        seed: Of the samples.
        json: Print one JSON object.
    """
    from tools.benchmarks.likelihood import likelihood as measure

    show(measure(run, binarise, seed), json)


@app.command
def augmentation(
    run: Annotated[Path, tyro.conf.Positional],
    real: tuple[int, ...] = (50, 100, 500),
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    results: Path = Path("saved_models/benchmarks/augmentation.jsonl"),
    json: bool = False,
) -> None:
    """A classifier of few real images: alone, with classical augmentation, with generated pictures, with both.

    Args:
        run: The folder of a conditional model's run.
        real: Images of each class that the classifier gets.
        seeds: Each trains one classifier in each case.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        json: Print one JSON object.
    """
    from aigc_tf.run import Run
    from tools.benchmarks.augmentation import augmentation as measure
    from tools.benchmarks.augmentation import table

    report = measure(Run.open(run), real, seeds, results)
    show(report, json) if json else print(table(report))


@app.command
def anomalies(
    source: str = "fashion_mnist",
    seconds: float = 60.0,
    classes: tuple[int, ...] = tuple(range(10)),
    vae: Literal["conv_vae", "vae"] = "conv_vae",
    results: Path = Path("saved_models/benchmarks/anomalies.jsonl"),
    json: bool = False,
) -> None:
    """GANomaly and autoencoders trained on one class and tested on the rest, beside PCA and an isolation forest.

    Args:
        source: What to train on; it has labels.
        seconds: Of training, for each network and class.
        classes: Which are normal, one after the other.
        vae: Whose evidence lower bound is the score.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        json: Print one JSON object.
    """
    from tools.benchmarks.anomalies import anomalies as measure
    from tools.benchmarks.anomalies import table

    report = measure(source, seconds, classes, vae, results)
    show(report, json) if json else print(table(report))


@app.command
def forecasts(seed: int = 0, json: bool = False) -> None:
    """The autoregressive model's forecasts of three real series, beside statsmodels' and seasonal-naive ones.

    Args:
        seed: Of the order in which windows are seen.
        json: Print one JSON object.
    """
    from tools.benchmarks.forecasts import forecasts as measure

    report = measure(seed)
    show(report, json) if json else print(report["table"])


@app.command
def text(
    recipe: Literal["gpt", "char_rnn", "word_lstm"],
    source: str = "auto",
    seconds: tuple[float, ...] = (300.0, 900.0),
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/text.jsonl"),
    json: bool = False,
) -> None:
    """Held-out bits per character after some minutes of training.

    Args:
        recipe: Its default setting, but for a schedule that ends at the last mark.
        source: Of text.
        seconds: The marks; the earlier ones are read on the way to the last.
        seed: Of the training.
        results: Keeps what is finished: called again, the benchmark goes on from there.
        json: Print one JSON object.
    """
    from tools.benchmarks.texts import bits_in_time

    show({"readings": bits_in_time(recipe, source, seed, seconds, results)}, json)


@app.command
def gpt(
    torch: Path, source: str = "auto", rounds: int = 10, seeds: tuple[int, ...] = (0, 1, 2), json: bool = False
) -> None:
    """The transformer beside nanoGPT's CPU setting in PyTorch: time of a step, and loss after the same time.

    Args:
        torch: A Python that has torch and numpy; it need not have anything of this project.
        source: Of text.
        rounds: Of 20 steps of each, for the time of a step.
        seeds: One after the other.
        json: Print one JSON object.
    """
    from tools.benchmarks.language import against_nanogpt

    show({"seeds": {seed: against_nanogpt(torch, source, rounds, seed) for seed in seeds}}, json)


def show(report: dict[str, Any], as_json: bool) -> None:
    """Print a report as one JSON object on a line, or to be read."""
    import json

    print(json.dumps(report) if as_json else json.dumps(report, indent=2))


if __name__ == "__main__":
    with friendly_exit():
        app.cli(prog="python -m tools.benchmark", config=(tyro.conf.FlagCreatePairsOff,))
