"""The measured quality of a model of images: its samples against real images of its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance
from aigc_tf.metrics.images.drawing import Generates, generated_images
from aigc_tf.metrics.images.features import FeatureNetwork, Features, Kind, feature_network, in_words, of_request
from aigc_tf.metrics.images.inception_score import inception_score
from aigc_tf.metrics.images.memorisation import nearest_picture, nearest_training_images
from aigc_tf.metrics.images.pca import gaussian_of
from aigc_tf.metrics.images.reference import (
    Distances,
    gaussian_distances,
    real_distances,
    reference_features,
    reference_of,
    reference_statistics,
)
from aigc_tf.metrics.kernel import kernel_distance
from aigc_tf.metrics.precision_recall import precision_recall
from aigc_tf.recipes.images import ImageRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

MIN_IMAGES = 10  # in samples and in the part that is looked at: the Inception score makes ten parts
MEMORISATION_SAMPLES, MEMORISATION_SHOWN = 64, 8
# The Fréchet distance is of all samples, all else of the first so many: that bounds the memory, and the time of
# precision and recall, which compare all pairs.
MAX_KEPT_IMAGES = 10_000
REAL, GAUSSIAN = "real training images", "Gaussian with principal components of pixels"


class Samples(Evaluator):
    """How near generated images are to real ones.

    Figures, the distances beside those of a Gaussian with the principal components of the training pixels, and of as
    many real training images, which a perfect generator would reach:

    - frechet_distance, lower is better (Heusel et al. 2017), and frechet_distance_real_train, that of real training
      images;
    - kernel_distance, lower is better (Bińkowski et al. 2018), and kernel_distance_error, its standard error;
    - inception_score, higher is better, and inception_score_std (Salimans et al. 2016); absent if the network has no
      classes;
    - precision and recall, from 0 to 1, higher is better (Kynkäänniemi et al. 2019);
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
        real = reference_features(network, source, part)
        statistics, generated = _features_of_model(network, model, samples, request.seed)
        beside = _baselines(network, source, samples, part)
        figures = _distance_figures(
            frechet_distance(statistics, reference_statistics(network, source, part)), generated, real, beside
        )
        compared = min(len(generated.features), len(real.features), MAX_KEPT_IMAGES)
        neighbours = precision_recall(_some(real.features, compared), _some(generated.features, compared))
        figures |= {
            "precision": Figure(neighbours.precision, "higher"),
            "recall": Figure(neighbours.recall, "higher"),
        }
        if generated.probabilities is not None:
            score = inception_score(generated.probabilities)
            figures |= {
                "inception_score": Figure(score.mean, "higher"),
                "inception_score_std": Figure(score.std, "neither"),
            }
        protocol = in_words(source, network, request) | {
            "kept_samples": len(generated.features),
            "reference": _reference_in_words(source, part),
            "reference_images": len(real.features),
            "reference_fingerprint": source.fingerprint,
            "precision_recall_images": compared,
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
    part: PartName = "test",
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
    statistics, _ = _features_of_model(network, model, samples, seed, kept_images=0)
    return frechet_distance(statistics, reference_statistics(network, source, part))


def _require_enough(samples: int, source: ImageSource, part: PartName) -> None:
    if samples < MIN_IMAGES:
        raise InputError(f"samples is {samples}: at least {MIN_IMAGES} are needed to measure")
    count = len(reference_of(source, part).images)
    if count < MIN_IMAGES:
        raise InputError(
            f"{source.name} has {count} {part} images: at least {MIN_IMAGES} are needed to measure; give it more images"
        )


def _is_learnt(source: ImageSource, part: PartName) -> bool:
    """Whether models are trained on the part."""
    return source.part(part) is source.train


def _baselines(network: FeatureNetwork, source: ImageSource, samples: int, part: PartName) -> dict[str, Distances]:
    """What the distances stand beside, by name, from the same number of images."""
    found = {GAUSSIAN: gaussian_distances(network, source, samples, part)}
    if not _is_learnt(source, part):
        found[REAL] = real_distances(network, source, samples, part)
    return found


def _distance_figures(
    distance: float, generated: Features, real: Features, beside: dict[str, Distances]
) -> dict[str, Figure]:
    kernel = kernel_distance(generated.features, real.features)
    by_frechet = {name: found.frechet for name, found in beside.items()}
    by_kernel = {name: found.kernel for name, found in beside.items() if found.kernel is not None}
    figures = {"frechet_distance": Figure(distance, "lower", by_frechet)}
    if REAL in beside:
        figures["frechet_distance_real_train"] = Figure(beside[REAL].frechet, "neither")
    return figures | {
        "kernel_distance": Figure(kernel.distance, "lower", by_kernel),
        "kernel_distance_error": Figure(kernel.standard_error, "neither"),
    }


def _reference_in_words(source: ImageSource, part: PartName) -> str:
    origin = {"test": source.test_split, "validation": source.validation_split, "train": "evenly spaced images"}[part]
    return f"{part} split of {source.name}: {origin}"


def _baselines_in_words(source: ImageSource, beside: dict[str, Distances]) -> str:
    gaussian = gaussian_of(source)
    fitted = f", {len(gaussian.components)} components of {gaussian.examples} training images"
    words = [f"{name}: {found.images} images{fitted if name == GAUSSIAN else ''}" for name, found in beside.items()]
    return "; ".join(words)


def _memorisation(model: Generates, source: ImageSource, network: FeatureNetwork, request: Request) -> Measurement:
    """Whether samples are copies of training images."""
    some = next(generated_images(model, network.shape, MEMORISATION_SAMPLES, request.seed))
    copies = nearest_training_images(some, source, part=request.part)
    shown = slice(MEMORISATION_SHOWN)
    picture = nearest_picture(some[shown], source.train.images, copies.nearest.indices[shown])
    return Measurement(
        {"nearest_training_image_ratio": Figure(copies.summary()["ratio"], "neither")},
        {"nearest_training_image_samples": len(some)},
        {"nearest_training_images": picture},
    )


def _features_of_model(
    network: FeatureNetwork, model: Generates, samples: int, seed: int, kept_images: int | None = None
) -> tuple[GaussianStatistics, Features]:
    """The statistics of all samples, and the features of the first `kept_images`, or `MAX_KEPT_IMAGES`."""
    most = MAX_KEPT_IMAGES if kept_images is None else kept_images
    kept: list[Features] = []
    statistics, count = StreamingStatistics(), 0
    for images in generated_images(model, network.shape, samples, seed):
        found = network.extract(images)
        statistics.update(found.features)
        if count < most or not kept:
            kept.append(found)
            count += len(images)
    first = slice(most)
    features = np.concatenate([chunk.features for chunk in kept])[first]
    if not network.has_classes:
        return statistics.result(), Features(features, None)
    return statistics.result(), Features(features, np.concatenate([chunk.probabilities for chunk in kept])[first])


def _some(features: np.ndarray, count: int) -> np.ndarray:
    """`count` of them, always the same: sources may be sorted by class."""
    if count == len(features):
        return features
    return features[np.random.default_rng(0).choice(len(features), count, replace=False)]
