"""The whole evaluation of a model: figures, protocol, determinism, and no side effects."""

import json
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.source import evenly
from aigc_tf.errors import InputError
from aigc_tf.metrics import cache
from aigc_tf.metrics.evaluator import CHOOSING_SEED
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.images import features, reference
from aigc_tf.metrics.images.drawing import chunk_seed, generated_images
from aigc_tf.metrics.images.inception_score import inception_score
from aigc_tf.metrics.images.pca import gaussian_of
from aigc_tf.metrics.images.samples import GAUSSIAN, REAL, FrechetDistance, Samples, frechet_distance_of_model
from aigc_tf.metrics.kernel import kernel_distance
from aigc_tf.metrics.precision_recall import precision_recall
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings
from tests.metrics.reports import report_of

SMALL = DCGAN(images=ImageSettings(height=16, width=16))
FLOATS = {
    "frechet_distance",
    "frechet_distance_real_train",
    "kernel_distance",
    "kernel_distance_error",
    "inception_score",
    "inception_score_std",
    "precision",
    "recall",
    "class_share_distance",
    "smallest_class_share",
    "nearest_training_image_ratio",
}
CLASSES = {"class_share_distance", "smallest_class_share"}
PROTOCOL = {"network", "network_chosen", "weights_sha256", "samples", "reference", "reference_images", "resize"} | {
    "seed",
    "note",
    "part",
}


def test_real_images_are_near_and_noise_is_far(fashion, drawing):
    recipe = DCGAN()
    real = report_of(Samples(), drawing(fashion.train.images, (28, 28, 1)), fashion, recipe, samples=1000)
    noise = report_of(Samples(), drawing(None, (28, 28, 1)), fashion, recipe, samples=1000)
    floor = real["frechet_distance_real_train"]
    assert floor < 1
    assert real["frechet_distance"] < 2 * floor
    assert noise["frechet_distance"] > 50 * floor
    assert abs(real["kernel_distance"]) < 4 * real["kernel_distance_error"]
    assert noise["kernel_distance"] > 20 * noise["kernel_distance_error"]
    assert real["precision"] > 0.8 and real["recall"] > 0.8
    assert noise["recall"] < 0.1  # its precision is not meaningful: with few test images, some balls are very large
    assert real["inception_score"] > 2 * noise["inception_score"]


def test_one_class_of_ten_is_precise_but_covers_little(fashion, drawing):
    trousers = fashion.train.images[fashion.train.labels == 1]
    report = report_of(Samples(), drawing(trousers, (28, 28, 1)), fashion, DCGAN(), samples=500)
    assert report["precision"] > 0.8 and report["recall"] < 0.2
    assert report["frechet_distance"] > 20 * report["frechet_distance_real_train"]


def test_report_is_flat_floats_and_a_protocol_that_is_json(stripes, drawing, small_networks):
    source = stripes()
    report = report_of(Samples(), drawing(source.train.images, (16, 16, 1)), source, SMALL, samples=30, seed=5)
    picture, caption = report.pop("pictures")["nearest_training_images"]
    assert "is anything copied?" in caption
    assert picture.dtype == np.uint8 and picture.shape[-1] == 1
    assert report["nearest_training_image_ratio"] == 0  # this model returns training images
    assert set(report) == FLOATS | {"protocol", "better", "baselines", "tables"} and report["tables"] == {}
    assert all(type(report[key]) is float and np.isfinite(report[key]) for key in FLOATS)
    protocol = report["protocol"]
    assert set(protocol) >= PROTOCOL
    assert (protocol["samples"], protocol["seed"], protocol["reference_images"]) == (30, 5, 40)
    assert protocol["precision_recall_images"] == 30
    assert protocol["reference"] == "test split of stripes: made up"
    directed = {"frechet_distance", "kernel_distance", "precision", "recall", "inception_score", *CLASSES}
    assert set(report["better"]) == FLOATS and set(report["baselines"]) == directed
    assert all(set(beside) == {GAUSSIAN, REAL} for beside in report["baselines"].values())
    assert report["baselines"]["frechet_distance"][REAL] == report["frechet_distance_real_train"]
    assert json.loads(json.dumps(report)) == report


def test_precision_and_recall_compare_equal_numbers(stripes, drawing, small_networks, monkeypatch):
    counts = []
    compare = reference.precision_recall
    monkeypatch.setattr(
        reference, "precision_recall", lambda *sets: counts.append(tuple(len(s) for s in sets)) or compare(*sets)
    )
    model = drawing(None, (16, 16, 1))
    for samples in (30, 50):  # fewer and more than the test images
        report_of(Samples(), model, stripes(test=40), SMALL, samples)
    monkeypatch.setattr(reference, "MAX_KEPT_IMAGES", 20)
    report = report_of(Samples(), model, stripes(test=40), SMALL, 30)
    assert report["protocol"]["precision_recall_images"] == 20
    assert counts == [(30, 30)] * 3 + [(40, 40)] * 3 + [(20, 20)]  # the model and both baselines, which are cached
    assert not {"precision", "recall"} & set(report["baselines"])  # these are for another number of images


def test_the_distance_is_of_all_samples_and_the_rest_of_the_first(stripes, drawing, small_networks, monkeypatch):
    source = stripes(train=100)
    model = drawing(source.train.images, (16, 16, 1))
    whole = report_of(Samples(), model, source, SMALL, samples=1200, seed=1)
    monkeypatch.setattr(reference, "MAX_KEPT_IMAGES", 600)  # in the middle of a chunk
    bounded = report_of(Samples(), model, source, SMALL, samples=1200, seed=1)
    assert bounded["frechet_distance"] == whole["frechet_distance"]
    assert (whole["protocol"]["kept_samples"], bounded["protocol"]["kept_samples"]) == (1200, 600)
    first = np.concatenate(list(generated_images(model, (16, 16, 1), 1200, seed=1)))[:600]
    looked = features.feature_network(source, SMALL.images).extract(first)
    real = reference.reference_features(features.feature_network(source, SMALL.images), source, "test")
    assert bounded["inception_score"] == pytest.approx(inception_score(looked.probabilities).mean)
    assert bounded["kernel_distance"] == pytest.approx(kernel_distance(looked.features, real.features).distance)


def test_without_classes_there_is_no_inception_score(stripes, drawing, small_networks):
    source = stripes(labelled=False)
    report = report_of(Samples(), drawing(source.train.images, (16, 16, 1)), source, SMALL, samples=30)
    assert set(report) == FLOATS - {"inception_score", "inception_score_std"} - CLASSES | {
        "protocol",
        "pictures",
        "tables",
        "better",
        "baselines",
    }
    assert "rotation" in report["protocol"]["network"]


def test_same_seed_same_figures(stripes, drawing, small_networks):
    source = stripes()
    model = drawing(source.train.images, (16, 16, 1))
    first, again = (report_of(Samples(), model, source, SMALL, samples=50, seed=1) for _ in range(2))
    np.testing.assert_equal(again, first)
    assert (
        report_of(Samples(), model, source, SMALL, samples=50, seed=2)["frechet_distance"] != first["frechet_distance"]
    )


def test_cheap_path_gives_the_same_distance(stripes, drawing, small_networks):
    source = stripes()
    model = drawing(source.train.images, (16, 16, 1))
    whole = report_of(Samples(), model, source, SMALL, samples=600, seed=3)["frechet_distance"]
    assert frechet_distance_of_model(model, source, SMALL, 600, seed=3, part="test") == pytest.approx(whole, rel=1e-6)


def test_second_evaluation_looks_at_the_samples_only(stripes, drawing, small_networks, monkeypatch):
    source = stripes()
    model = drawing(source.train.images, (16, 16, 1))
    frechet_distance_of_model(model, source, SMALL, 20, part="test")
    seen = []
    extract = features.FeatureNetwork.extract
    monkeypatch.setattr(
        features.FeatureNetwork, "extract", lambda self, pictures: seen.append(len(pictures)) or extract(self, pictures)
    )
    frechet_distance_of_model(model, source, SMALL, 20, part="test")
    assert seen == [20]
    report_of(Samples(), model, source, SMALL, 20)
    seen.clear()
    report_of(Samples(), model, source, SMALL, 20)
    assert seen == [20]


def test_reference_features_are_bounded(stripes, small_networks):
    network = features.feature_network(stripes(), SMALL.images)
    for test in range(20, 30):
        reference.reference_features(network, stripes(test=test), "test")
    assert cache.shared().count("reference features") == reference._KEPT


def test_floor_is_the_distance_of_that_many_training_images(stripes, small_networks, monkeypatch):
    source = stripes()
    network = features.feature_network(source, SMALL.images)
    seen = []
    extract = network.extract
    monkeypatch.setattr(network, "extract", lambda pictures: seen.append(pictures) or extract(pictures))
    few = reference.real_images(network, source, 20, "test")
    drawn = [np.flatnonzero((source.train.images == picture).all(axis=(1, 2, 3)))[0] for picture in seen[0]]
    assert len(set(drawn)) == 20 and max(drawn) > 100  # from the whole set: sources may be sorted
    everything = reference.real_images(network, source, 10_000, "test")
    assert (few.images, everything.images) == (20, 160)
    assert few.frechet > everything.frechet > 0
    real = reference.reference_features(network, source, "test").features
    looked = network.extract(seen[0])
    assert few.kernel == pytest.approx(kernel_distance(looked.features, real))
    assert few.score == pytest.approx(inception_score(looked.probabilities))
    chosen = np.random.default_rng(0).choice(40, 20, replace=False)
    assert few.compared == 20 and few.neighbours == precision_recall(real[chosen], looked.features)
    assert reference.real_images(network, source, 20, "test") is few


def test_gaussian_baseline_is_measured_on_its_own_samples(stripes, small_networks):
    source = stripes()
    network = features.feature_network(source, SMALL.images)
    found = reference.gaussian_images(network, source, 600, "test")
    random, gaussian = np.random.default_rng(0), gaussian_of(source)
    rows = np.concatenate([gaussian.sample(count, random) for count in (500, 100)])
    looked = network.extract(to_bytes(np.clip(rows, 0, 1).reshape(-1, 16, 16, 1))).features
    real = reference.reference_features(network, source, "test").features
    expected = frechet_distance(gaussian_statistics(looked), gaussian_statistics(real))
    assert found.frechet == pytest.approx(expected) and found.images == 600
    assert found.kernel == pytest.approx(kernel_distance(looked, real))
    assert len(gaussian.components) == 64 and gaussian.examples == 160


def test_choosing_looks_at_training_images_with_a_seed_of_its_own(stripes, drawing, small_networks, monkeypatch):
    """No test image is used; evaluation uses other samples."""
    source = stripes()
    source.test.images[:] = 0
    model = drawing(source.train.images, (16, 16, 1))
    value = FrechetDistance().value(model, source, SMALL, 30, "train")
    assert model.calls == [(30, chunk_seed(CHOOSING_SEED, 0))]
    network = features.feature_network(source, SMALL.images)
    samples = network.extract(next(generated_images(model, (16, 16, 1), 30, CHOOSING_SEED))).features
    real = network.extract(source.train.images).features
    assert value == pytest.approx(frechet_distance(gaussian_statistics(samples), gaussian_statistics(real)))
    monkeypatch.setattr(reference, "MAX_REFERENCE_IMAGES", 40)
    assert FrechetDistance().value(model, source, SMALL, 30, "train") != value
    (spread,) = (reference.reference_of(source, "train").images,)
    np.testing.assert_array_equal(spread, source.train.images[evenly(160, 40)])


def test_what_is_trained_on_has_no_figures_of_copies(stripes, drawing, small_networks):
    source = stripes()
    report = report_of(Samples(), drawing(source.train.images, (16, 16, 1)), source, SMALL, 30, part="train")
    assert not {"frechet_distance_real_train", "nearest_training_image_ratio"} & set(report)
    assert set(report["baselines"]["frechet_distance"]) == {GAUSSIAN}
    assert report["protocol"]["reference_images"] == 160 and report["pictures"] == {}


def test_the_option_names_the_network_and_the_protocol_says_why(stripes, drawing, small_networks):
    model = drawing(None, (16, 16, 1))

    def chosen(source, **options):
        protocol = report_of(Samples(), model, source, SMALL, 20, **options)["protocol"]
        return protocol["network"], protocol["network_chosen"]

    classifier = "small classifier of stripes"
    rotation = "small rotation network of stripes"
    assert chosen(stripes()) == (classifier, "classifier: the source has labels of 2 classes")
    assert chosen(stripes(), features="rotation") == (rotation, "rotation: requested")
    with pytest.raises(InputError, match="no feature network 'vgg' of pictures: choose one of auto"):
        chosen(stripes(), features="vgg")
    assert chosen(stripes(labelled=False)) == (rotation, "rotation: the source has no labels")


def test_a_diverged_model_is_an_error(stripes, small_networks, drawing):
    class Diverged:
        def conditions(self, given, count):
            return None

        def generate(self, count, seed=0, condition=None):
            return np.full((count, 16, 16, 1), np.nan, np.float32)

    with pytest.raises(InputError, match="not finite"):
        report_of(Samples(), Diverged(), stripes(), SMALL, samples=20)


def test_bad_requests(stripes, small_networks, drawing):
    model = drawing(None, (16, 16, 1))
    with pytest.raises(InputError, match="samples is 9"):
        report_of(Samples(), model, stripes(), SMALL, samples=9)
    with pytest.raises(InputError, match="stripes has 5 test images"):
        report_of(Samples(), model, stripes(test=5), SMALL, samples=20)
    with pytest.raises(InputError, match="1 test images"):
        frechet_distance_of_model(model, stripes(test=1), SMALL, 20, part="test")
    with pytest.raises(InputError, match="samples is 1"):
        frechet_distance_of_model(model, stripes(), SMALL, 1, part="test")
    with pytest.raises(ValueError, match=r"returned shape \(20, 8, 8, 1\): expected \(20, 16, 16, 1\)"):
        report_of(Samples(), drawing(None, (8, 8, 1)), stripes(), SMALL, samples=20)


def test_smallest_sources_can_still_be_measured(stripes, small_networks, drawing):
    source = stripes(train=2, test=2, labelled=False)
    assert np.isfinite(frechet_distance_of_model(drawing(None, (16, 16, 1)), source, SMALL, 2, part="test"))
    source = stripes(train=12, test=10)
    assert np.isfinite(report_of(Samples(), drawing(None, (16, 16, 1)), source, SMALL, 10)["kernel_distance_error"])


@pytest.mark.parametrize("labelled", [True, False])
def test_no_random_state_is_touched(stripes, drawing, labelled):
    """Evaluation, including training of the feature network, happens during a training run."""
    source = stripes(labelled=labelled)

    def states():
        return (
            random.getstate(),
            str(np.random.get_state()),
            tf.random.get_global_generator().state.numpy().tolist(),
            keras.random.uniform((3,)).numpy().tolist(),
            tf.random.uniform((3,)).numpy().tolist(),
        )

    def after(work):
        keras.utils.set_random_seed(11)
        tf.random.set_global_generator(tf.random.Generator.from_seed(5))
        work()
        return states()

    def measure():
        report_of(Samples(), drawing(source.train.images, (16, 16, 1)), source, SMALL, samples=20)

    assert after(measure) == after(lambda: None)
