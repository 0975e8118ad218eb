"""Sample quality of image models (FID, KID, precision and recall, ...) against real images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import (
    CHOOSING_SEED,
    Better,
    Chooser,
    Evaluator,
    Figure,
    Measurement,
    Picture,
    Request,
    Table,
)
from aigc_tf.metrics.frechet import frechet_distance
from aigc_tf.metrics.images.drawing import Generates, HasOtherSamplers, generated_images
from aigc_tf.metrics.images.features import FeatureNetwork, Kind, choose, feature_network, in_words, of_request
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
"""The figures of a comparison: direction, and attribute with the value."""

CLASS_READINGS: dict[str, tuple[Better, Callable[[Comparison], float | None]]] = {
    "class_share_distance": ("lower", lambda found: found.shares and found.shares.distance),
    "smallest_class_share": ("higher", lambda found: found.shares and found.shares.smallest),
}
"""Those of an unconditional model, if the feature network predicts the classes of the source."""

WORST_READINGS: dict[str, tuple[Better, Callable[[Comparison], float | None]]] = {
    "worst_class_precision": ("higher", lambda found: found.by_class and found.by_class.worst_precision),
    "worst_class_recall": ("higher", lambda found: found.by_class and found.by_class.worst_recall),
    "worst_class_kernel_distance": ("lower", lambda found: found.by_class and found.by_class.worst_kernel_distance),
}
"""The worst values among the classes of the source, where known."""
BY_CLASS = (
    "Which classes are generated well, and how often? Shares have their 95 % intervals (Wilson). Precision and recall "
    "are of {compared} images of each class on both sides; classes with fewer images are not judged."
)


class Samples(Evaluator):
    """Similarity of the distribution of generated images to that of real ones.

    Figures; those with a direction are compared with a Gaussian with the principal components of the training pixels,
    with as many real training images, the level of a perfect generator, and with the model's `other_samplers`, such as
    the standard normal prior of a VAE that has learnt another one:

    - frechet_distance, lower is better (Heusel et al. 2017), and frechet_distance_real_train, that of real training
      images;
    - kernel_distance, lower is better (Bińkowski et al. 2018), and kernel_distance_error, its standard error;
    - inception_score, higher is better, and inception_score_std (Salimans et al. 2016); absent if the network has no
      classes;
    - class_share_distance, lower is better, the total variation distance between the shares of classes of samples and
      of real images, and smallest_class_share, higher is better, that of the rarest; absent if the network does not
      predict the classes of the source, or the model is class-conditional. The protocol has the shares of the rarest
      classes;
    - worst_class_precision, worst_class_recall, worst_class_kernel_distance: those of the worst class, by predicted
      classes as above, or by the classes of a class-conditional model; absent with few samples;
    - precision and recall, from 0 to 1, higher is better (Kynkäänniemi et al. 2019); baselines with a different number
      of images are left out;
    - nearest_training_image_ratio: the median distance in pixels of samples to their nearest training images, over that
      of images of the part; near 0 means copies (see `aigc_tf.metrics.images.memorisation`).

    The table by_class has a row for each class: its frequency, or for requested classes its recognition rate, and its
    quality. The picture nearest_training_images has in each row a sample and the training images nearest to it. On the
    training part itself, figures that need held-out images are absent.

    The Fréchet distance uses all samples, the other figures the first 10,000. The option "features" names the
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
        told, tells = _told(model, samples), _tells_classes(source, request)
        found = comparison(network, drawn, source, part, told)
        beside = _baselines(network, source, samples, part, told is not None)
        for name, other in (model.other_samplers if isinstance(model, HasOtherSamplers) else {}).items():
            drawn = generated_images(other, network.shape, samples, request.seed, request.sampling)
            beside[name] = comparison(network, drawn, source, part, told)
        classes = found.shares if tells and model.conditions(None, 1) is None else None
        by_class = found.by_class if tells or told is not None else None
        readings = READINGS | (CLASS_READINGS if classes else {}) | (WORST_READINGS if by_class else {})
        figures = _figures(found, beside, readings)
        protocol = in_words(source, network, request) | {
            "kept_samples": found.kept,
            "reference": _reference_in_words(source, part),
            "reference_images": len(reference_of(source, part).images),
            "reference_fingerprint": source.fingerprint,
            "precision_recall_images": found.compared,
            "baselines": _baselines_in_words(source, beside),
        }
        if classes:
            protocol["class_shares"] = classes.in_words(source.class_names)
        tables = {}
        if by_class:
            caption = BY_CLASS.format(compared=by_class.compared)
            tables["by_class"] = Table(by_class.table(source.class_names), caption)
        if _is_learnt(source, part):
            return Measurement(figures, protocol, tables=tables)
        copied = _memorisation(model, source, network, request)
        return Measurement({**figures, **copied.figures}, {**protocol, **copied.protocol}, copied.pictures, tables)


class FrechetDistance(Chooser):
    """The Fréchet distance of samples to at most 10,000 images of the part, evenly spaced; lower is better.

    Samples are drawn with `CHOOSING_SEED`, which no evaluation uses. After the first call, only sampling takes time.
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

    Fewer samples give larger distances: compare only figures with the same number. Two samples and two images of the
    part suffice for a value, though not for a reliable one.

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


def _tells_classes(source: ImageSource, request: Request) -> bool:
    """Whether the feature network predicts the classes of the source."""
    return choose(source, request.options.get("features", "auto")).kind == "classifier"


def _told(model: Generates, samples: int) -> np.ndarray | None:
    """The class that each sample is conditioned on; None if the model is not class-conditional."""
    conditions = model.conditions(None, samples)
    if conditions is None:
        return None
    found = np.asarray(conditions)
    return found if found.dtype.kind == "i" and found.ndim == 1 else None


def _baselines(
    network: FeatureNetwork, source: ImageSource, samples: int, part: PartName, by_label: bool
) -> dict[str, Comparison]:
    """The baselines by name, with the same number of images; the Gaussian is unconditional."""
    gaussian = gaussian_images(network, source, samples, part)
    found = {GAUSSIAN: gaussian._replace(by_class=None) if by_label else gaussian}
    if not _is_learnt(source, part):
        found[REAL] = real_images(network, source, samples, part, by_label)
    return found


def _figures(
    found: Comparison,
    beside: dict[str, Comparison],
    readings: dict[str, tuple[Better, Callable[[Comparison], float | None]]],
) -> dict[str, Figure]:
    alike = {name: _alike(other, found) for name, other in beside.items()}
    figures = {}
    for figure, (better, read) in readings.items():
        value = read(found)
        if value is None:
            continue
        baselines = {} if better == "neither" else {name: read(other) for name, other in alike.items()}
        figures[figure] = Figure(value, better, {name: known for name, known in baselines.items() if known is not None})
    if REAL in beside:
        figures["frechet_distance_real_train"] = Figure(beside[REAL].frechet, "neither")
    return figures


def _alike(other: Comparison, found: Comparison) -> Comparison:
    """A baseline's comparison without precision and recall if its number of images differs."""
    if other.compared != found.compared:
        other = other._replace(neighbours=None)
    ours, theirs = found.by_class, other.by_class
    return other if ours and theirs and ours.compared == theirs.compared else other._replace(by_class=None)


def _reference_in_words(source: ImageSource, part: PartName) -> str:
    return f"{part} split of {source.name}: {source.split_in_words(part)}"


def _baselines_in_words(source: ImageSource, beside: dict[str, Comparison]) -> str:
    gaussian = gaussian_of(source)
    fitted = f", {len(gaussian.components)} components of {gaussian.examples} training images"
    words = [f"{name}: {found.images} images{fitted if name == GAUSSIAN else ''}" for name, found in beside.items()]
    return "; ".join(words)


def _memorisation(model: Generates, source: ImageSource, network: FeatureNetwork, request: Request) -> Measurement:
    """Figures on memorisation: whether samples are copies of training images."""
    some = next(generated_images(model, network.shape, MEMORISATION_SAMPLES, request.seed, request.sampling))
    copies = nearest_training_images(some, source, request.part)
    shown = slice(MEMORISATION_SHOWN)
    picture = nearest_picture(some[shown], source.train.images, copies.nearest.indices[shown])
    return Measurement(
        {"nearest_training_image_ratio": Figure(copies.summary()["ratio"], "neither")},
        {"nearest_training_image_samples": len(some)},
        {"nearest_training_images": Picture(picture, NEAREST)},
    )
