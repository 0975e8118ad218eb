"""Benchmarks of image models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

from tools.benchmarks.showing import show


def train(batch_size: int = 128, rounds: int = 30, torch: Path | None = None, json: bool = False) -> None:
    """Speed of the DCGAN's training step against keras.io's, TensorFlow's and PyTorch's, with the same networks.

    Args:
        batch_size: Images per step.
        rounds: Number of steps of each variant.
        torch: Python interpreter with torch; this project need not be installed there.
        json: Print one JSON object.
    """
    from tools.benchmarks.step_speed import step_speed

    show(step_speed(batch_size, rounds, torch), json)


def quality(
    seconds: tuple[float, ...] = (60.0, 120.0, 240.0),
    seeds: tuple[int, ...] = (0, 1, 2),
    samples: int = 10_000,
    source: str = "fashion_mnist",
    results: Path = Path("saved_models/benchmarks/quality.jsonl"),
    plot: Path | None = None,
    json: bool = False,
) -> None:
    """Fréchet distance after the same training time, against TensorFlow's tutorial loop with the same networks.

    Args:
        seconds: Training times, in seconds.
        seeds: Random seeds; each trains both sides.
        samples: Number of samples per measurement.
        source: Data to train on.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        plot: Image file for a plot of all measurements.
        json: Print one JSON object.
    """
    from tools.benchmarks.quality_for_time import quality_for_time

    show(quality_for_time(seconds, seeds, samples, source, results, plot), json)


def gans(
    source: str = "fashion_mnist",
    seconds: tuple[float, ...] = (300.0, 600.0),
    recipes: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0,),
    samples: int = 10_000,
    results: Path = Path("saved_models/benchmarks/gans.jsonl"),
    processor_time: bool = False,
    json: bool = False,
) -> None:
    """Quality, speed and memory of every GAN recipe and of TensorFlow's tutorial loop after the same training time.

    Args:
        source: Data to train on.
        seconds: Training times at which to measure, within one run of the longest.
        recipes: Short names of recipes, or tutorial; all by default.
        seeds: Random seeds; each trains all recipes.
        samples: Number of samples per measurement.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        processor_time: Count CPU time of all cores together, which other programs do not affect.
        json: Print one JSON object.
    """
    from tools.benchmarks.gans import gans as measure
    from tools.benchmarks.gans import table

    rows = measure(seconds, recipes, seeds, samples, source, results, processor_time)
    show({"rows": rows}, json) if json else print(table(rows))


def vae(
    seconds: tuple[float, ...] = (120.0, 600.0),
    seeds: tuple[int, ...] = (0, 1, 2),
    samples: int = 10_000,
    source: str = "fashion_mnist",
    results: Path = Path("saved_models/benchmarks/vae.jsonl"),
    json: bool = False,
) -> None:
    """ELBO and Fréchet distance after the same training time, the convolutional VAE against keras.io's example.

    Args:
        seconds: Training times, in seconds.
        seeds: Random seeds; each trains all competitors.
        samples: Number of samples for the Fréchet distance.
        source: Data to train on.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.vae_quality import vae_quality

    show(vae_quality(seconds, seeds, samples, source, results), json)


def vae_train(batch_size: int = 128, rounds: int = 50, json: bool = False) -> None:
    """Speed of the VAE's training step against keras.io's, with the same networks.

    Args:
        batch_size: Images per step.
        rounds: Number of steps of each variant.
        json: Print one JSON object.
    """
    from tools.benchmarks.vae_quality import vae_step_speed

    show(vae_step_speed(batch_size, rounds), json)


def data(source: str = "auto", batch_size: int = 32, seconds: float = 3.0, json: bool = False) -> None:
    """Throughput of the input pipeline alone, in images per second and relative to what DCGAN training consumes.

    Args:
        source: Data source, as for training.
        batch_size: Images per batch.
        seconds: Measurement time of each variant.
        json: Print one JSON object.
    """
    from tools.benchmarks.pipeline import pipeline

    show(pipeline(source, batch_size, seconds), json)


def compression(run: Annotated[Path, tyro.conf.Positional], json: bool = False) -> None:
    """Rate and PSNR of an autoencoder's 8-bit latents against JPEG and WebP, on the test images.

    Args:
        run: The run's folder.
        json: Print one JSON object.
    """
    from tools.benchmarks.compression import compression as measure

    show(measure(run), json)


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
        seconds: Training time of each network for each kind of noise.
        source: Data to train on.
        images: Number of test images.
        vae: Also measure the denoising VAE.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.denoising import denoising as measure

    show(measure(source, seconds, images, vae, results), json)


def likelihood(
    run: Annotated[Path, tyro.conf.Positional],
    binarise: Literal["none", "static", "dynamic"] | None = None,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Likelihood bounds of a variational autoencoder on test images, with 1, 100 and 5,000 importance samples.

    Args:
        run: The run's folder; to train on binarised images, give a trainer --binarise.
        binarise: Measure grey values, one fixed Bernoulli sample of each pixel (static) or a sample that depends on
            the seed (dynamic). By default as the run was trained.
        seed: Random seed of the samples.
        json: Print one JSON object.
    """
    from tools.benchmarks.likelihood import likelihood as measure

    show(measure(run, binarise, seed), json)


def anomalies(
    source: str = "fashion_mnist",
    seconds: float = 60.0,
    classes: tuple[int, ...] = tuple(range(10)),
    vae: Literal["conv_vae", "vae"] = "conv_vae",
    results: Path = Path("saved_models/benchmarks/anomalies.jsonl"),
    json: bool = False,
) -> None:
    """Anomaly detection with GANomaly and autoencoders trained on one class, against PCA and an isolation forest.

    Args:
        source: Labelled data to train on.
        seconds: Training time of each network and class.
        classes: Classes that count as normal, one after the other.
        vae: Recipe whose evidence lower bound (ELBO) is the score.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.anomalies import anomalies as measure
    from tools.benchmarks.anomalies import table

    report = measure(source, seconds, classes, vae, results)
    show(report, json) if json else print(table(report))


def augmentation(
    run: Annotated[Path, tyro.conf.Positional],
    real: tuple[int, ...] = (50, 100, 500),
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    results: Path = Path("saved_models/benchmarks/augmentation.jsonl"),
    json: bool = False,
) -> None:
    """A classifier of few real images or sounds: alone, with classical augmentation, with generated data, with both.

    Args:
        run: The folder of a conditional model's run, for pictures or sounds, such as spoken digits.
        real: Numbers of real images per class for the classifier.
        seeds: Random seeds; each trains one classifier per case.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from aigc_tf.runs.run import Run
    from tools.benchmarks.augmentation import augmentation as measure
    from tools.benchmarks.augmentation import table

    report = measure(Run.open(run), real, seeds, results)
    show(report, json) if json else print(table(report))


def best_of(
    run: Annotated[Path, tyro.conf.Positional],
    by: Path | None = None,
    times: tuple[int, ...] = (1, 2, 4, 8),
    samples: int = 2000,
    seed: int = 0,
    features: str = "auto",
    json: bool = False,
) -> None:
    """Precision, recall and Fréchet distance of pictures with best-of-n selection (`--best-of`).

    Args:
        run: A run of pictures.
        by: The run that rates candidates, or classifier, as --best-by; a GAN's own discriminator by default.
        times: Numbers of candidates per picture.
        samples: Pictures that are kept.
        seed: Random seed of the samples.
        features: The feature network, as for tools.evaluate; rotation is independent of a classifier.
        json: Print one JSON object.
    """
    from aigc_tf.runs.run import Run
    from tools.benchmarks.best_of import best_of as measure
    from tools.benchmarks.best_of import table

    rows = [*measure(Run.open(run), by, times, samples, seed, features)]
    show({"rows": rows}, json) if json else print(table(rows))


def printed(
    recipes: tuple[str, ...] = ("vae", "mlp_gan", "dcgan", "conv_gan", "conv_vae"),
    source: str = "fashion_mnist",
    seconds: float = 60.0,
    samples: int = 10_000,
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/printed.jsonl"),
    json: bool = False,
) -> None:
    """The designs printed in the articles against this project's, after the same CPU time of training.

    Args:
        recipes: Short names; dcgan64 needs a source of colour pictures, text_vae one of lines.
        source: Data to train on.
        seconds: CPU time of training, so that other work on the machine hardly matters.
        samples: Number of samples, or of test examples, per measurement.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.printed import printed as measure
    from tools.benchmarks.printed import table

    rows = measure(recipes, source, seconds, samples, seed, results)
    show({"rows": rows}, json) if json else print(table(rows))


COMMANDS = (
    *(train, quality, gans, vae, vae_train, data, compression, denoising, likelihood, anomalies, augmentation),
    *(best_of, printed),
)
