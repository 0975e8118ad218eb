"""Feature networks: selection, origin of weights, features of images."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.metrics import cache, features
from aigc_tf.metrics.images import small_network, trained
from aigc_tf.metrics.images.features import FeatureNetwork, choose, feature_network
from aigc_tf.recipes.images import ImageSettings

SIXTEEN = ImageSettings(height=16, width=16)


def test_shipped_weights_match_their_record():
    (shipped,) = trained.SHIPPED.values()
    record = json.loads(shipped.path.with_suffix(".json").read_text())
    network = small_network.build((28, 28, 1), shipped.classes)
    small_network.load(network, shipped.path)
    assert small_network.weights_sha256(network) == record["sha256"]
    assert shipped.path.stat().st_size < 1_000_000
    assert record["test_accuracy"] >= 0.925
    assert record["architecture_version"] == small_network.ARCHITECTURE_VERSION
    assert (record["training_images"], record["test_images"]) == (60_000, 10_000)


def test_shipped_classifier_knows_the_classes(fashion):
    network = feature_network(fashion, ImageSettings())
    found = network.extract(fashion.test.images)
    assert found.features.shape == (len(fashion.test.images), 64)
    assert (found.probabilities.argmax(axis=1) == fashion.test.labels).mean() > 0.925
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)


def test_extract_is_deterministic_and_independent_of_batches(fashion):
    network = feature_network(fashion, ImageSettings())
    images = fashion.test.images[:300]
    whole = network.extract(images)
    np.testing.assert_array_equal(whole.features, network.extract(images).features)
    for part in (images[:1], images[:7], images[:257]):
        np.testing.assert_allclose(network.extract(part).features, whole.features[: len(part)], atol=1e-4)
    assert whole.features.dtype == whole.probabilities.dtype == np.float32


def test_other_images_are_refused(fashion):
    network = feature_network(fashion, ImageSettings())
    with pytest.raises(ValueError, match="float32"):
        network.extract(np.zeros((1, 28, 28, 1), np.float32))
    with pytest.raises(ValueError, match=r"\(1, 28, 28, 3\)"):
        network.extract(np.zeros((1, 28, 28, 3), np.uint8))
    with pytest.raises(ValueError, match="no images"):
        network.extract(np.zeros((0, 28, 28, 1), np.uint8))


def test_auto_takes_the_classifier_only_with_classes(stripes):
    labelled = feature_network(stripes(), SIXTEEN)
    assert "classifier" in labelled.name and labelled.has_classes
    unlabelled = feature_network(stripes(labelled=False), SIXTEEN)
    assert "rotation" in unlabelled.name
    assert unlabelled.extract(stripes().test.images).probabilities is None
    one_class = stripes()
    one_class.train.labels[:] = 0
    assert "rotation" in feature_network(one_class, SIXTEEN).name
    with pytest.raises(InputError, match="stripes has no labels"):
        feature_network(one_class, SIXTEEN, "classifier")


def test_unknown_kind(stripes):
    with pytest.raises(InputError, match="'vgg' of pictures: choose one of auto, classifier, rotation, inception"):
        feature_network(stripes(), SIXTEEN, "vgg")


def test_trained_once_and_kept(stripes, monkeypatch, tmp_path):
    first = feature_network(stripes(), SIXTEEN)
    assert feature_network(stripes(), SIXTEEN) is first
    cache.replace(cache.Cache())
    monkeypatch.setattr(trained, "train_classifier", None)  # calling it would fail
    again = feature_network(stripes(), SIXTEEN)
    assert again is not first and again.sha256 == first.sha256
    images = stripes().test.images
    np.testing.assert_array_equal(again.extract(images).features, first.extract(images).features)
    (weights, record) = sorted((tmp_path / "cache" / "features").iterdir(), reverse=True)
    assert weights.suffix == ".npz"
    assert json.loads(record.read_text())["sha256"] == first.sha256


@pytest.mark.parametrize("why", ["a file lies in its place", "no room"])
def test_a_cache_that_keeps_nothing_is_told_of_before_training(
    why: str,
    stripes,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    small_disk: Callable[[int], None],
):
    """The network is trained anyway: an unusable cache does not abort a long evaluation."""
    said_before: list[str] = []
    train = trained.train_classifier

    def noted(*arguments: Any) -> Any:
        said_before.append(capsys.readouterr().err)
        return train(*arguments)

    monkeypatch.setattr(trained, "train_classifier", noted)
    if why == "no room":
        small_disk(1000)
    else:
        (tmp_path / "cache").write_text("a file")
    network = feature_network(stripes(), SIXTEEN)
    reason = "File too large" if why == "no room" else "Not a directory"
    assert f"cannot keep the classifier network, which is trained anew each time: {reason}" in said_before[0]
    assert network.extract(stripes().test.images).features.any()
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_other_data_has_its_own_network(stripes, tmp_path):
    feature_network(stripes(), SIXTEEN)
    feature_network(stripes(train=150), SIXTEEN)
    feature_network(stripes(), SIXTEEN, "rotation")
    assert len(list((tmp_path / "cache" / "features").glob("*.npz"))) == 3


def test_damaged_cache_says_what_to_do(stripes, tmp_path):
    feature_network(stripes(), SIXTEEN)
    cache.replace(cache.Cache())
    (weights,) = (tmp_path / "cache" / "features").glob("*.npz")
    weights.write_bytes(b"PK\3\4")
    with pytest.raises(InputError, match="delete it"):
        feature_network(stripes(), SIXTEEN)


def test_rotation_looks_at_the_centre_square(stripes):
    source = stripes(height=16, width=24, labelled=False)
    network = feature_network(source, ImageSettings(height=16, width=24))
    assert network.resize == "centre square of 16x16"
    images = source.test.images.copy()
    before = network.extract(images).features
    images[:, :, :4] = 255
    images[:, :, -4:] = 0
    np.testing.assert_array_equal(network.extract(images).features, before)
    images[:, :, 4] = 255
    assert (network.extract(images).features != before).any()


def test_fashion_mnist_of_another_size_is_not_the_shipped_one(stripes, monkeypatch):
    # The shipped weights are for 28x28x1; networks for other shapes are trained.
    from dataclasses import replace

    source = replace(stripes(), dataset="fashion_mnist")
    (shipped,) = trained.SHIPPED.values()
    record = json.loads(shipped.path.with_suffix(".json").read_text())
    assert feature_network(source, SIXTEEN).sha256 != record["sha256"]


def test_a_kind_can_be_registered(stripes, monkeypatch):
    monkeypatch.setattr(features, "_builders", {"pictures": dict(features._builders["pictures"])})

    @features.register("pictures", "brightness")
    def build(source, shape):
        return shape

    # Other packages, such as sounds, may have registered some, too.
    *known, last = features.kinds_of("pictures")
    assert known[:3] == ["classifier", "rotation", "inception"] and last == "brightness"
    assert feature_network(stripes(), SIXTEEN, "brightness") == (16, 16, 1)
    assert choose(stripes(), "brightness").reason == "brightness: requested"
    assert features.kinds_of("sounds") == ()


def test_models_of_all_recipes_share_a_network(stripes):
    """A validation split changes the recipe's training, not the feature network."""
    source = stripes()
    network = feature_network(source, SIXTEEN)
    cache.replace(cache.Cache())
    validated = source.validated()
    assert len(validated.train.images) < len(source.train.images)
    assert isinstance(network, FeatureNetwork) and feature_network(validated, SIXTEEN).sha256 == network.sha256
    trained_anew = trained.train_classifier(validated, (16, 16, 1))
    assert small_network.weights_sha256(trained_anew.network) == network.sha256
    assert trained_anew.facts["training_images"] == 160
