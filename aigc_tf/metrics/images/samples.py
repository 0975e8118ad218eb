"""The measured quality of a model of images: its samples against the test images of its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance
from aigc_tf.metrics.images.features import FeatureNetwork, Features, Kind, feature_network
from aigc_tf.metrics.images.inception_score import inception_score
from aigc_tf.metrics.images.memorisation import nearest_picture, nearest_training_images
from aigc_tf.metrics.images.reference import frechet_distance_of_real, reference_features, reference_statistics
from aigc_tf.metrics.kernel import kernel_distance
from aigc_tf.metrics.precision_recall import precision_recall
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.images import ImageRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.opening import ImageSource

MIN_IMAGES = 10  # in samples and in the test split: the Inception score makes ten parts
MEMORISATION_SAMPLES, MEMORISATION_SHOWN = 64, 8
# The Fréchet distance is of all samples, all else of the first so many: that bounds the memory, and the time of
# precision and recall, which compare all pairs.
MOST_KEPT_IMAGES = 10_000
_CHUNK_IMAGES, _CHUNK_NUMBERS = 500, 2**24  # drawn at once: few enough pixels for 64 MB


class Generates(Protocol):
    """What is asked of a model."""

    def generate(self, count: int, seed: int = 0) -> Any:
        """float32 `[count, height, width, channels]` in [0, 1]."""


def chunk_seed(seed: int, index: int) -> int:
    """The seed of a chunk, below 2**31: chunks of one seed, and of neighbouring ones, have nothing in common."""
    return int(np.random.SeedSequence((seed, index)).generate_state(1)[0] >> 1)


def generated_images(
    model: Generates, shape: tuple[int, int, int], samples: int, seed: int = 0
) -> Iterator[np.ndarray]:
    """`samples` generated images in uint8 chunks `[n, height, width, channels]`, n at most 500.

    Chunk i is drawn with `chunk_seed(seed, i)`; how large chunks are depends on the shape alone.

    Raises:
        ValueError: the model answers with another shape.
        InputError: it answers with values that are not finite.
    """
    size = max(1, min(_CHUNK_IMAGES, _CHUNK_NUMBERS // int(np.prod(shape))))
    for index, start in enumerate(range(0, samples, size)):
        count = min(size, samples - start)
        images = np.asarray(model.generate(count, chunk_seed(seed, index)))
        if images.shape != (count, *shape):
            raise ValueError(f"generate({count}) gave shape {images.shape}: expected {(count, *shape)}")
        if not np.isfinite(images).all():
            raise InputError("the model generates values that are not finite: its training diverged")
        yield to_bytes(images)  # rounded as in a saved PNG: what is measured is what can be looked at


def evaluate(
    model: Generates,
    source: ImageSource,
    recipe: ImageRecipe,
    samples: int = 10_000,
    seed: int = 0,
    kind: Kind = "auto",
) -> dict[str, Any]:
    """Measure how near generated images are to the test images of the source.

    Args:
        model: `generate(count, seed)` gives float32 `[count, height, width, channels]` in [0, 1].
        source: its test split is the reference.
        recipe: `recipe.images` is the form of the images.
        samples: how many images are generated; the Fréchet distance is of all of them, the other figures of the
            first 10,000, and memory does not grow beyond those.
        seed: of the samples.
        kind: of feature network, see `aigc_tf.metrics.images.features.feature_network`.

    Returns:
        Floats, and under "protocol" what they were measured with; figures of different protocols cannot be
        compared:

        - frechet_distance, lower is better (Heusel et al. 2017), and frechet_distance_real_train, the same for
          as many real training images: what a perfect generator would reach;
        - kernel_distance, lower is better (Bińkowski et al. 2018), and kernel_distance_error, its standard error;
        - inception_score, higher is better, and inception_score_std (Salimans et al. 2016); absent if the
          network has no classes;
        - precision and recall, from 0 to 1 (Kynkäänniemi et al. 2019);
        - nearest_training_image_ratio: the median distance in pixels of samples to their nearest training images,
          over that of test images; near 0 the samples are copies (see `aigc_tf.metrics.images.memorisation`).

        Under "pictures" there are uint8 arrays `[height, width, channels]`: nearest_training_images, in each row
        a sample and the training images nearest to it.

    Raises:
        InputError: too few samples or test images, or the feature network cannot be had.
    """
    _require_enough(samples, source)
    network = feature_network(source, recipe.images, kind)
    real = reference_features(network, source)
    statistics, generated = _features_of_model(network, model, samples, seed)
    kernel = kernel_distance(generated.features, real.features)
    compared = min(len(generated.features), len(real.features), MOST_KEPT_IMAGES)
    neighbours = precision_recall(_some(real.features, compared), _some(generated.features, compared))
    floor, floor_images = frechet_distance_of_real(network, source, samples)
    some = next(generated_images(model, network.shape, MEMORISATION_SAMPLES, seed))
    copies = nearest_training_images(some, source)
    report: dict[str, Any] = {
        "frechet_distance": frechet_distance(statistics, reference_statistics(network, source)),
        "frechet_distance_real_train": floor,
        "kernel_distance": kernel.distance,
        "kernel_distance_error": kernel.standard_error,
        "precision": neighbours.precision,
        "recall": neighbours.recall,
        "nearest_training_image_ratio": copies.summary()["ratio"],
    }
    if generated.probabilities is not None:
        score = inception_score(generated.probabilities)
        report |= {"inception_score": score.mean, "inception_score_std": score.std}
    shown = slice(MEMORISATION_SHOWN)
    picture = nearest_picture(some[shown], source.train.images, copies.nearest.indices[shown])
    return report | {
        "pictures": {"nearest_training_images": picture},
        "protocol": {
            "network": network.name,
            "weights_sha256": network.sha256,
            "resize": network.resize,
            "samples": samples,
            "kept_samples": len(generated.features),
            "seed": seed,
            "reference": f"test split of {source.name}: {source.test_split}",
            "reference_images": len(real.features),
            "reference_fingerprint": source.fingerprint,
            "real_train_images": floor_images,
            "precision_recall_images": compared,
            "nearest_training_image_samples": len(some),
            "note": network.note,
        },
    }


def _require_enough(samples: int, source: ImageSource) -> None:
    if samples < MIN_IMAGES:
        raise InputError(f"samples is {samples}: at least {MIN_IMAGES} are needed to measure")
    if len(source.test.images) < MIN_IMAGES:
        raise InputError(
            f"{source.name} has {len(source.test.images)} test images: at least {MIN_IMAGES} are needed to measure; "
            "give it more images"
        )


def frechet_distance_of_model(
    model: Generates,
    source: ImageSource,
    recipe: ImageRecipe,
    samples: int = 2000,
    seed: int = 0,
    kind: Kind = "auto",
) -> float:
    """The Fréchet distance alone, as `evaluate` measures it, for use during training.

    After the first call only the samples cost time. Fewer samples give larger distances: compare figures of
    the same number. Two samples and two test images are enough for a number, if not for a good one.

    Raises:
        InputError: fewer than two samples or test images, or the feature network cannot be had.
    """
    if samples < 2:
        raise InputError(f"samples is {samples}: at least 2 are needed to measure")
    network = feature_network(source, recipe.images, kind)
    statistics, _ = _features_of_model(network, model, samples, seed)
    return frechet_distance(statistics, reference_statistics(network, source))


def _features_of_model(
    network: FeatureNetwork, model: Generates, samples: int, seed: int
) -> tuple[GaussianStatistics, Features]:
    """The statistics of all samples, and the features of the first `MOST_KEPT_IMAGES`."""
    statistics, kept, count = StreamingStatistics(), [], 0
    for images in generated_images(model, network.shape, samples, seed):
        found = network.extract(images)
        statistics.update(found.features)
        if count < MOST_KEPT_IMAGES:
            kept.append(found)
            count += len(images)
    first = slice(MOST_KEPT_IMAGES)
    features = np.concatenate([chunk.features for chunk in kept])[first]
    if not network.has_classes:
        return statistics.result(), Features(features, None)
    return statistics.result(), Features(features, np.concatenate([chunk.probabilities for chunk in kept])[first])


def _some(features: np.ndarray, count: int) -> np.ndarray:
    """`count` of them, always the same: sources may be sorted by class."""
    if count == len(features):
        return features
    return features[np.random.default_rng(0).choice(len(features), count, replace=False)]


class FrechetDistance:
    name = "frechet_distance"

    def value(self, model, source, recipe, samples, part):
        return frechet_distance_of_model(model, source, recipe, samples)
