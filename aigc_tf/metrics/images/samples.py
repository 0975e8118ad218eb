"""The measured quality of a model of images: its samples against real images of its source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Better, Chooser, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.frechet import frechet_distance
from aigc_tf.metrics.images.drawing import Generates, generated_images
from aigc_tf.metrics.images.features import FeatureNetwork, Kind, feature_network, in_words, of_request
from aigc_tf.metrics.images.memorisation import nearest_picture, nearest_training_images
from aigc_tf.metrics.images.pca import gaussian_of
from aigc_tf.metrics.images.reference import (
    MIN_SCORED,
    Comparison,
    comparison,
    features_of,
    gaussian_images,
    real_images,
    reference_of,
    reference_statistics,
)
from aigc_tf.recipes.images import ImageRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

MEMORISATION_SAMPLES, MEMORISATION_SHOWN = 64, 8
REAL, GAUSSIAN = "real training images", "Gaussian with principal components of pixels"
NEAREST = "Samples (left) and the training images nearest to each, in pixels: is anything copied?"

READINGS: dict[str, tuple[Better, Callable[[Comparison], float | None]]] = {
    "frechet_distance": ("lower", lambda found: found.frechet),
    "kernel_distance": ("lower", lambda found: found.kernel and found.kernel.distance),
    "kernel_distance_error": ("neither", lambda found: found.kernel and found.kernel.standard_error),
    "precision": ("higher", lambda found: found.neighbours and found.neighbours.precision),
    "recall": ("higher", lambda found: found.neighbours and found.neighbours.recall),
    "inception_score": ("higher", lambda found: found.score and found.score.mean),
    "inception_score_std": ("neither", lambda found: found.score and found.score.std),
}
"""The figures of a comparison: which way is better, and where the value stands."""


class Samples(Evaluator):
    """How near generated images are to real ones.

    Figures, those with a direction beside those of a Gaussian with the principal components of the training pixels, and
    of as many real training images, which a perfect generator would reach:

    - frechet_distance, lower is better (Heusel et al. 2017), and frechet_distance_real_train, that of real training
      images;
    - kernel_distance, lower is better (Bińkowski et al. 2018), and kernel_distance_error, its standard error;
    - inception_score, higher is better, and inception_score_std (Salimans et al. 2016); absent if the network has no
      classes;
    - precision and recall, from 0 to 1, higher is better (Kynkäänniemi et al. 2019); baselines of another number of
      images are left out;
    - nearest_training_image_ratio: the median distance in pixels of samples to their nearest training images, over
      that of images of the part; near 0 the samples are copies (see `aigc_tf.metrics.images.memorisation`).

    The picture nearest_training_images has in each row a sample and the training images nearest to it. Of the training
    part itself, figures that need images which nothing was trained on are absent.

    The Fréchet distance is of all samples, the other figures of the first 10,000. The option "features" names the
    feature network.
    """

    def measure(self, model: Generates, source: ImageSource, recipe: ImageRecipe, request: Request) -> Measurement:
        """Draw `request.samples` images and compare them with those of the part; see `Evaluator.measure`.

        Raises:
            InputError: fewer than 10 samples or images of the part, or the feature network is not available.
        """
        part, samples = request.part, request.samples
        _require_enough(samples, source, part)
        network = of_request(source, recipe.images, request)
        drawn = generated_images(model, network.shape, samples, request.seed, request.sampling)
        found = comparison(network, drawn, source, part)
        beside = _baselines(network, source, samples, part)
        figures = _figures(found, beside)
        protocol = in_words(source, network, request) | {
            "kept_samples": found.kept,
            "reference": _reference_in_words(source, part),
            "reference_images": len(reference_of(source, part).images),
            "reference_fingerprint": source.fingerprint,
            "precision_recall_images": found.compared,
            "baselines": _baselines_in_words(source, beside),
        }
        if _is_learnt(source, part):
            return Measurement(figures, protocol)
        copied = _memorisation(model, source, network, request)
        return Measurement({**figures, **copied.figures}, {**protocol, **copied.protocol}, copied.pictures)


class FrechetDistance(Chooser):
    """The Fréchet distance of samples to at most 10,000 images of the part, evenly spaced; lower is better.

    Samples are drawn with `CHOOSING_SEED`, which no evaluation uses. After the first call only they cost time.
    """

    name = "frechet_distance"

    def value(self, model: Generates, source: ImageSource, recipe: ImageRecipe, samples: int, part: PartName) -> float:
        """The squared distance between Gaussians in the feature space; see `frechet_distance_of_model`."""
        return frechet_distance_of_model(model, source, recipe, samples, CHOOSING_SEED, part=part)


def frechet_distance_of_model(
    model: Generates,
    source: ImageSource,
    recipe: ImageRecipe,
    samples: int = 2000,
    seed: int = 0,
    kind: Kind = "auto",
    *,
    part: PartName,
) -> float:
    """The Fréchet distance alone, as `Samples` measures it.

    Fewer samples give larger distances: compare figures of the same number. Two samples and two images of the part are
    enough for a number, if not for a good one.

    Raises:
        InputError: fewer than two samples or images of the part, or the feature network is not available.
    """
    if samples < 2:
        raise InputError(f"samples is {samples}: at least 2 are needed to measure")
    network = feature_network(source, recipe.images, kind)
    statistics, _ = features_of(network, generated_images(model, network.shape, samples, seed), most=0)
    return frechet_distance(statistics, reference_statistics(network, source, part))


def _require_enough(samples: int, source: ImageSource, part: PartName) -> None:
    if samples < MIN_SCORED:
        raise InputError(f"samples is {samples}: at least {MIN_SCORED} are needed to measure")
    count = len(reference_of(source, part).images)
    if count < MIN_SCORED:
        raise InputError(
            f"{source.name} has {count} {part} images: at least {MIN_SCORED} are needed to measure; give it more images"
        )


def _is_learnt(source: ImageSource, part: PartName) -> bool:
    """Whether models are trained on the part."""
    return source.part(part) is source.train


def _baselines(network: FeatureNetwork, source: ImageSource, samples: int, part: PartName) -> dict[str, Comparison]:
    """What figures stand beside, by name, from the same number of images."""
    found = {GAUSSIAN: gaussian_images(network, source, samples, part)}
    if not _is_learnt(source, part):
        found[REAL] = real_images(network, source, samples, part)
    return found


def _figures(found: Comparison, beside: dict[str, Comparison]) -> dict[str, Figure]:
    # Precision and recall depend on the number of images.
    alike = {
        name: other if other.compared == found.compared else other._replace(neighbours=None)
        for name, other in beside.items()
    }
    figures = {}
    for figure, (better, read) in READINGS.items():
        value = read(found)
        if value is None:
            continue
        baselines = {} if better == "neither" else {name: read(other) for name, other in alike.items()}
        figures[figure] = Figure(value, better, {name: known for name, known in baselines.items() if known is not None})
    if REAL in beside:
        figures["frechet_distance_real_train"] = Figure(beside[REAL].frechet, "neither")
    return figures


def _reference_in_words(source: ImageSource, part: PartName) -> str:
    return f"{part} split of {source.name}: {source.split_in_words(part)}"


def _baselines_in_words(source: ImageSource, beside: dict[str, Comparison]) -> str:
    gaussian = gaussian_of(source)
    fitted = f", {len(gaussian.components)} components of {gaussian.examples} training images"
    words = [f"{name}: {found.images} images{fitted if name == GAUSSIAN else ''}" for name, found in beside.items()]
    return "; ".join(words)


def _memorisation(model: Generates, source: ImageSource, network: FeatureNetwork, request: Request) -> Measurement:
    """Whether samples are copies of training images."""
    some = next(generated_images(model, network.shape, MEMORISATION_SAMPLES, request.seed, request.sampling))
    copies = nearest_training_images(some, source, request.part)
    shown = slice(MEMORISATION_SHOWN)
    picture = nearest_picture(some[shown], source.train.images, copies.nearest.indices[shown])
    return Measurement(
        {"nearest_training_image_ratio": Figure(copies.summary()["ratio"], "neither")},
        {"nearest_training_image_samples": len(some)},
        {"nearest_training_images": Picture(picture, NEAREST)},
    )
