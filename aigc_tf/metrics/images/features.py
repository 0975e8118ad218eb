"""Feature networks, which embed images for distances such as the FID."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.metrics import cache
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.features import builder_of, register
from aigc_tf.metrics.images import inception, small_network, trained
from aigc_tf.recipes.images import ImageSettings

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

MODALITY = "pictures"
Kind = str
"""`auto`, or what is registered for pictures: `classifier`, `rotation`, `inception`."""
Shape = tuple[int, int, int]


class Features(NamedTuple):
    """A network's features and class probabilities of images."""

    features: np.ndarray
    """float32 `[n, d]`."""
    probabilities: np.ndarray | None
    """float32 `[n, classes]`, or None if the network has no classes of objects."""


class FeatureNetwork:
    """A frozen network with a name, a hash of its weights, and preprocessing of uint8 images."""

    def __init__(
        self,
        name: str,
        shape: Shape,
        network: keras.Model,
        prepare: Callable[[tf.Tensor], tf.Tensor],
        *,
        resize: str,
        note: str,
        has_classes: bool = True,
        batch_size: int = 256,
    ) -> None:
        """
        Args:
            name: for the protocol.
            shape: of the input images.
            network: its outputs are a mapping with "features" `[n, d]` and "logits" or "probabilities".
            prepare: uint8 `[n, *shape]` -> the network's float32 input; compiled.
            resize: how images are resized, in words, for the protocol.
            note: on the comparability of its figures, for the protocol.
            has_classes: whether its classes are of objects, as the Inception score needs.
            batch_size: images per batch.
        """
        self.name = name
        self.shape = shape
        self.resize = resize
        self.note = note
        self.batch_size = batch_size
        self.has_classes = has_classes
        self.sha256 = small_network.weights_sha256(network)

        @tf.function(input_signature=[tf.TensorSpec((None, *shape), tf.uint8)])
        def look(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            outputs = network(prepare(images), training=False)
            if "probabilities" in outputs:
                return outputs["features"], outputs["probabilities"]
            return outputs["features"], tf.nn.softmax(outputs["logits"])

        self._look = look

    def extract(self, images: np.ndarray) -> Features:
        """Features, and probabilities if there are classes, of uint8 images `[n, height, width, channels]`.

        Raises:
            ValueError: another type or shape, or no images.
        """
        if images.dtype != np.uint8 or images.shape[1:] != self.shape:
            expected = ("n", *self.shape)
            raise ValueError(f"images are {images.dtype} {images.shape}: expected uint8 {expected}")
        if not len(images):
            raise ValueError("there are no images to compute features of")
        starts = range(0, len(images), self.batch_size)
        looked = [self._look(tf.constant(images[start : start + self.batch_size])) for start in starts]
        features = np.concatenate([part.numpy() for part, _ in looked])
        probabilities = np.concatenate([part.numpy() for _, part in looked]) if self.has_classes else None
        return Features(features, probabilities)


class Choice(NamedTuple):
    """The kind of feature network chosen for a source, and why."""

    kind: str
    reason: str
    """The reason, for protocols: "classifier: the source has labels of 10 classes"."""


def choose(source: ImageSource, kind: Kind = "auto") -> Choice:
    """Resolve a kind: "auto" is the classifier if there are labels of at least two classes, else rotation.

    Raises:
        InputError: unknown kind.
    """
    if kind != "auto":
        builder_of(MODALITY, kind)
        return Choice(kind, f"{kind}: requested")
    classes = trained.class_count(source)
    if classes > 1:
        return Choice("classifier", f"classifier: the source has labels of {classes} classes")
    labels = "no labels" if classes == 0 else "labels of one class only"
    return Choice("rotation", f"rotation: the source has {labels}")


def feature_network(source: ImageSource, images: ImageSettings, kind: Kind = "auto") -> FeatureNetwork:
    """The feature network for evaluating models of `source`. Each is loaded once per process.

    Args:
        source: the models' training data.
        images: the form of the images.
        kind: "classifier", a small classifier of the data set itself: for Fashion-MNIST at 28x28 its weights
            come with the package, for another labelled source it is trained on first use, which takes minutes,
            and kept in the cache. "rotation", the same network trained to classify four rotations, which needs no
            labels. "inception", Keras's Inception v3 with ImageNet weights. "auto", see `choose`. Any other that is
            registered for pictures (`aigc_tf.metrics.features`).

    Raises:
        InputError: unknown kind, a classifier was requested without labels, or Inception's weights are not available.
    """
    chosen, _ = choose(source, kind)
    key = (chosen, source.dataset, source.fingerprint, images.shape)
    return cache.shared().of("feature network", key, lambda: builder_of(MODALITY, chosen)(source, images.shape))


def of_request(source: ImageSource, images: ImageSettings, request: Request) -> FeatureNetwork:
    """The network that a request names by its option "features"; "auto" by default."""
    return feature_network(source, images, request.options.get("features", "auto"))


def in_words(source: ImageSource, network: FeatureNetwork, request: Request) -> dict[str, Any]:
    """Which network was used and why it was chosen, for protocols."""
    return {
        "network": network.name,
        "network_chosen": choose(source, request.options.get("features", "auto")).reason,
        "weights_sha256": network.sha256,
        "resize": network.resize,
        "note": network.note,
    }


@register(MODALITY, "classifier")
def _classifier(source: ImageSource, shape: Shape) -> FeatureNetwork:
    return FeatureNetwork(
        f"small classifier of {source.dataset or source.name}",
        shape,
        trained.classifier(source, shape),
        small_network.to_unit,
        resize=_shrinking(shape),
        note="a classifier of the data set itself: compare only figures of the same weights",
    )


@register(MODALITY, "rotation")
def _rotation(source: ImageSource, shape: Shape) -> FeatureNetwork:
    side = min(shape[:2])
    crop = f"centre square of {side}x{side}" if shape[0] != shape[1] else ""
    shrinking = _shrinking((side, side, shape[2]))
    return FeatureNetwork(
        f"small rotation network of {source.dataset or source.name}",
        shape,
        trained.rotation_network(source, side),
        lambda images: small_network.to_unit(trained.centre_square(images)),
        resize=", ".join(filter(None, (crop, shrinking if shrinking != "none" else ""))) or "none",
        note="a network that classifies rotations of this source: compare only figures of the same weights",
        has_classes=False,
    )


@register(MODALITY, "inception")
def _inception(_source: ImageSource, shape: Shape) -> FeatureNetwork:
    return FeatureNetwork(
        "keras-inception-v3",
        shape,
        inception.build(inception.weights_file()),
        inception.prepare,
        resize=f"{inception.SIDE}x{inception.SIDE}, bilinear, antialiased",
        note="Keras's ImageNet Inception v3: close to, but not comparable with, the figures of papers, "
        "which use the Inception graph of 2015",
        batch_size=32,
    )


def _shrinking(shape: Shape) -> str:
    factor = small_network.shrink_factor(shape)
    return "none" if factor == 1 else f"averaged over {factor}x{factor} pixels"
