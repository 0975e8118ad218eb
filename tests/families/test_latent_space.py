"""Paths through a latent space, checked with an identity decoder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from scipy.stats import norm
from tensorboard.plugins import projector as tensorboard_projector

import aigc_tf
from aigc_tf.data.images.opening import open_source
from aigc_tf.data.images.source import Split
from aigc_tf.engine import projector
from aigc_tf.families.latent_space import (
    Way,
    along,
    attribute_of,
    between,
    factorised,
    interpolation,
    linear,
    most_active,
    normal_batches,
    plane,
    spherical,
    standard_normal,
    traversals,
)
from aigc_tf.families.tasks import Encodes
from aigc_tf.metrics import neighbours
from aigc_tf.metrics.neighbours import nearest_in_latent_space
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.vae import VAE
from tests.families.test_state import made
from tests.sources import source_of

MEAN, DEVIATION = np.array([1.0, 2.0, 3.0], "float32"), np.array([0.1, 0.2, 0.4], "float32")


class Mirror:
    """A model whose images `[1, 3, 1]` are their latents."""

    latent_dim = 3
    takes = Pictures(ImageSettings(height=1, width=3, channels=1))

    def encode(self, images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), 3).astype("float32")

    def decode(self, latents: np.ndarray, condition: object = None) -> np.ndarray:
        assert latents.dtype == np.float32 and latents.ndim == 2
        return latents.reshape(-1, 1, 3, 1)

    def latent_moments(self) -> tuple[np.ndarray, np.ndarray]:
        return MEAN, DEVIATION

    def from_normal(self, normal: np.ndarray) -> np.ndarray:
        return MEAN + DEVIATION * normal


def test_an_attribute_is_what_some_have_and_others_lack():
    """Latents that differ in one dimension are classified with leave-one-out; random differences are at chance."""
    random = np.random.default_rng(0)
    lacking, having = random.standard_normal((2, 200, 8)).astype("float32")
    chance = attribute_of(having, lacking)
    assert 140 < chance.told < 230  # of 400
    having[:, 3] += 6
    found = attribute_of(having, lacking)
    np.testing.assert_allclose(found.direction, 6 * np.eye(8)[3], atol=0.4)
    assert found.direction.dtype == np.float32 and found.told > 390
    # 0 and 5 are closer to the means of their groups only while they are included.
    assert attribute_of(np.array([[0.0], [3.0], [4.0]]), np.array([[5.0], [1.0]])).told == 0


def test_traversals_move_one_dimension_three_deviations_to_either_side():
    images = traversals(Mirror(), [2, 0], columns=5)
    assert images.shape == (2, 5, 1, 3, 1)
    steps = np.array([-3, -1.5, 0, 1.5, 3])
    expected = np.tile(MEAN, (2, 5, 1))
    expected[0, :, 2] = 3 + 0.4 * steps
    expected[1, :, 0] = 1 + 0.1 * steps
    np.testing.assert_allclose(images[:, :, 0, :, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(MEAN, [1, 2, 3])  # the model's own arrays are unchanged


def test_a_plane_is_a_map_of_quantiles_with_its_origin_at_the_bottom_left():
    images = plane(Mirror(), across=2, upwards=0, side=4)[:, :, 0, :, 0]
    quantiles = norm.ppf([1 / 8, 3 / 8, 5 / 8, 7 / 8])
    for row in range(4):
        np.testing.assert_allclose(images[row, :, 2], 3 + 0.4 * quantiles, rtol=1e-6)
        np.testing.assert_allclose(images[row, :, 0], 1 + 0.1 * quantiles[3 - row], rtol=1e-6)
    assert (images[..., 1] == 2).all()


def test_the_way_between_two_images_is_straight_and_ends_at_both():
    first, second = np.array([0, 0, 1.0]).reshape(1, 3, 1), np.array([0.2, 0, 0.0]).reshape(1, 3, 1)
    images = between(Mirror(), first, second, frames=3)[:, 0, :, 0]
    np.testing.assert_allclose(images, [[0, 0, 1], [0.1, 0, 0.5], [0.2, 0, 0]], atol=1e-7)


def test_interpolation_follows_the_given_way_in_each_row():
    start = np.array([[1, 0, 0], [0, 2, 0]], "float32")
    end = np.array([[0, 1, 0], [0, 0, 2]], "float32")
    images = interpolation(Mirror(), start, end, 3, spherical)[:, :, 0, :, 0]
    half = np.sqrt(0.5)
    np.testing.assert_allclose(images[0], [[1, 0, 0], [half, half, 0], [0, 1, 0]], atol=1e-6)
    np.testing.assert_allclose(images[1], [[0, 2, 0], [0, 2 * half, 2 * half], [0, 0, 2]], atol=1e-6)


def test_between_vectors_of_no_length_the_way_is_straight():
    start, end = np.zeros((2, 3), "float32"), np.array([[0, 0, 0], [0, 2, 0]], "float32")
    np.testing.assert_array_equal(spherical(start, end, 0.5), end / 2)


@pytest.mark.parametrize("way", [linear, spherical])
def test_both_ways_begin_and_end_where_they_should(way: Way):
    model = aigc_tf.create(dataclasses.replace(VAE.tiny(), latent_dim=7))
    images = model.interpolate(frames=5, seed=3, rows=2, way=way)
    start, end = model.latents(4, seed=3)[::2], model.latents(4, seed=3)[1::2]
    np.testing.assert_allclose(images[:, 0], model.decode(start), atol=1e-6)
    np.testing.assert_allclose(images[:, 4], model.decode(end), atol=1e-6)
    np.testing.assert_allclose(images[:, 2], model.decode(way(start, end, 0.5)), atol=1e-6)
    assert np.abs(linear(start, end, 0.5) - spherical(start, end, 0.5)).max() > 0.1


def test_truncated_numbers_are_normal_between_their_bounds():
    numbers = standard_normal((40_000, 2), seed=1, truncation=0.7)
    assert numbers.dtype == np.float32 and np.abs(numbers).max() <= 0.7
    inside = norm.cdf(0.7) - norm.cdf(-0.7)
    for point in (-0.5, -0.1, 0.3, 0.6):
        assert np.mean(numbers < point) == pytest.approx((norm.cdf(point) - norm.cdf(-0.7)) / inside, abs=0.006)
    np.testing.assert_array_equal(numbers, standard_normal((40_000, 2), seed=1, truncation=0.7))
    assert np.mean(numbers == standard_normal((40_000, 2), seed=2, truncation=0.7)) < 0.01
    # Only values outside are resampled.
    whole = standard_normal((40_000, 2), seed=1)
    np.testing.assert_array_equal(numbers == whole, np.abs(whole) <= 0.7)


@pytest.mark.parametrize("truncation", [None, 0.7])
def test_batches_of_images_are_drawn_batch_by_batch(truncation: float | None):
    """No array of all latents is created, and the images are those of one call."""
    model = aigc_tf.create(DCGAN.tiny())
    whole = model.generate(1200, seed=3, truncation=truncation)
    batches = list(model.generate_batches(1200, seed=3, truncation=truncation))
    assert [len(batch) for batch in batches] == [500, 500, 200]
    np.testing.assert_allclose(np.concatenate(batches), whole, atol=1e-6)
    np.testing.assert_array_equal(standard_normal((1200, 8), 3)[:700], standard_normal((700, 8), 3))
    assert next(normal_batches(10**12, 8, 3, truncation)).shape == (500, 8)


@pytest.mark.parametrize("truncation", [0.0, -1.0, 0.009, np.nan])
def test_hardly_any_room_for_numbers_is_refused(truncation: float):
    with pytest.raises(ValueError, match=r"truncation is .*: expected at least 0.01"):
        standard_normal((2, 2), 0, truncation)
    assert np.abs(standard_normal((3, 4), 0, 0.01)).max() <= 0.01


def test_truncation_is_of_the_numbers_behind_a_prior():
    model = aigc_tf.create(Autoencoder.tiny())
    seen = np.random.default_rng(0).normal([1, -2, 0, 3], [0.5, 1, 2, 3], (400, 4)).astype("float32")
    model.update_prior(seen, keep=0.0)
    mean, factor = model.prior()
    numbers = np.linalg.solve(factor, (model.latents(50, 3, truncation=0.5) - mean).T)
    assert 0.4 < np.abs(numbers).max() <= 0.5 + 1e-4
    np.testing.assert_array_equal(model.generate(3, 2, truncation=0.5), model.decode(model.latents(3, 2, 0.5)))


def test_directions_are_the_singular_vectors_of_the_kernel():
    random = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(random.normal(size=(5, 5)))
    units, _ = np.linalg.qr(random.normal(size=(8, 5)))
    values = np.array([0.5, 4.0, 1.0, 3.0, 2.0])
    kernel = rotation @ np.diag(values) @ units.T  # [latent, units], with known factors
    directions, strengths = factorised(kernel)
    order = [1, 3, 4, 2, 0]
    np.testing.assert_allclose(strengths, values[order])
    expected = rotation.T[order]
    expected *= np.sign(expected[np.arange(5), np.abs(expected).argmax(axis=1)])[:, None]
    np.testing.assert_allclose(directions, expected, atol=1e-9)
    np.testing.assert_allclose(directions @ directions.T, np.eye(5), atol=1e-9)
    # A step along a direction changes the layer's output by the singular value, from any start.
    start = random.normal(size=5)
    for direction, strength in zip(directions, strengths, strict=True):
        moved = (start + direction) @ kernel - start @ kernel
        assert np.linalg.norm(moved) == pytest.approx(strength)
    assert factorised(kernel[:, :2])[0].shape == (2, 5)  # at most as many as units


def test_moving_along_a_direction_moves_the_numbers_behind_the_latent():
    starts = np.array([[0, 0, 0], [1, 0, -1]], "float32")
    images = along(Mirror(), starts, np.array([0, 0.6, 0.8]), np.array([-1.0, 0.0, 2.0]))[:, :, 0, :, 0]
    np.testing.assert_allclose(images[:, 1], MEAN + DEVIATION * starts, rtol=1e-6)
    np.testing.assert_allclose(images[1, 0], MEAN + DEVIATION * [1, -0.6, -1.8], rtol=1e-6)
    np.testing.assert_allclose(images[0, 2], MEAN + DEVIATION * [0, 1.2, 1.6], rtol=1e-6)


def test_the_most_active_dimensions_come_first():
    activity = np.array([0.1, 3.0, 0.1, 0.5])
    assert most_active(activity, 10).tolist() == [1, 3, 0, 2]
    assert most_active(activity, 2).tolist() == [1, 3]


@pytest.mark.parametrize("chunk", [7, 100])
def test_neighbours_do_not_depend_on_how_the_images_are_read(chunk: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(neighbours, "_CHUNK_IMAGES", chunk)
    random = np.random.default_rng(0)
    images, queries = random.normal(size=(30, 1, 3, 1)), random.normal(size=(4, 1, 3, 1))
    queries[2] = images[23]
    found = nearest_in_latent_space(Mirror(), queries, images, 9)
    distances = np.linalg.norm((queries[:, None] - images).reshape(4, 30, 3), axis=-1)
    np.testing.assert_array_equal(found.indices, np.argsort(distances, axis=1)[:, :9])
    np.testing.assert_allclose(found.distances, np.sort(distances, axis=1)[:, :9], atol=1e-3)
    assert found.indices[2, 0] == 23
    with pytest.raises(ValueError, match=r"31 neighbours.* 30"):
        nearest_in_latent_space(Mirror(), queries, images, 31)


def test_some_of_a_split_are_spread_over_all_of_it():
    split = Split(np.arange(10).reshape(10, 1, 1, 1), np.arange(10) // 5)
    some = split.some(4)
    assert np.asarray(some.images).ravel().tolist() == [0, 3, 6, 9] and some.labels.tolist() == [0, 0, 1, 1]
    assert len(split.some(10).images) == len(split.some(99).images) == 10
    assert Split(split.images, None).some(2).labels is None


def config_of(folder: Path) -> tensorboard_projector.ProjectorConfig:
    text = (folder / "projector_config.pbtxt").read_text()
    return text_format.Parse(text, tensorboard_projector.ProjectorConfig())


def test_the_projector_gets_encodings_thumbnails_and_classes(tmp_path: Path):
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 3, 1), np.uint8)
    classes = np.array([0, 1, 1, 0, 1])
    projector.write_projector(tmp_path, Mirror(), source_of(images, classes, class_names=("shoe", "a\tbag")))
    (embedding,) = config_of(tmp_path).embeddings
    np.testing.assert_array_equal(np.loadtxt(tmp_path / embedding.tensor_path), images.reshape(5, 3))
    assert (tmp_path / embedding.metadata_path).read_text().splitlines() == ["shoe", "a bag", "a bag", "shoe", "a bag"]
    assert list(embedding.sprite.single_image_dim) == [3, 1]
    with Image.open(tmp_path / embedding.sprite.image_path) as picture:
        sprite = np.asarray(picture)
    assert sprite.shape == (2, 9)  # three columns
    np.testing.assert_array_equal(sprite[1, 3:6], images[4, 0, :, 0])


def test_the_projector_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Mirror, "latent_dim", projector.MAX_NUMBERS // 4)
    monkeypatch.setattr(Mirror, "encode", lambda self, images: np.zeros((len(images), 3)))
    images = np.zeros((40, 100, 130, 3), np.uint8)
    projector.write_projector(tmp_path, Mirror(), source_of(images))
    (embedding,) = config_of(tmp_path).embeddings
    assert len((tmp_path / embedding.tensor_path).read_text().splitlines()) == 4
    assert not embedding.metadata_path
    assert list(embedding.sprite.single_image_dim) == [44, 34]  # a third, rounded up
    with Image.open(tmp_path / embedding.sprite.image_path) as sprite:
        assert sprite.size == (88, 68)


def test_the_projector_shows_no_thumbnails_of_values_that_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Mirror, "takes", Text())
    projector.write_projector(tmp_path, Mirror(), source_of(np.zeros((5, 1, 3, 1), np.uint8)))
    (embedding,) = config_of(tmp_path).embeddings
    assert not embedding.sprite.image_path and not (tmp_path / "projector" / "thumbnails.png").exists()


def test_training_writes_the_projector_for_models_that_encode(tmp_path: Path, pictures: Path):
    logging = LoggingSettings(samples_every=1000, evaluate_every=1000)
    recipe = dataclasses.replace(VAE.tiny(), source=str(pictures), steps=2, logging=logging)
    run = aigc_tf.train(recipe, tmp_path / "run")
    latents = run.path / "tensorboard" / config_of(run.path / "tensorboard").embeddings[0].tensor_path
    np.testing.assert_allclose(np.loadtxt(latents), run.model.encode(run.source.watched.images), rtol=1e-4, atol=1e-6)
    before = latents.read_text()
    aigc_tf.train(dataclasses.replace(recipe, steps=3), run.path, resume=True)
    assert latents.read_text() != before
    assert not isinstance(aigc_tf.create(DCGAN.tiny()), Encodes)


def test_moments_are_those_of_the_draws():
    fitted = aigc_tf.create(Autoencoder.tiny())
    latents = np.random.default_rng(0).normal([1, -2, 0, 3], [0.5, 1, 2, 3], (400, 4)).astype("float32")
    fitted.update_prior(latents, keep=0.0)
    for model in (fitted, aigc_tf.create(VAE.tiny())):
        draws = model.latents(20_000, seed=1)
        mean, deviation = model.latent_moments()
        np.testing.assert_allclose(draws.mean(0), mean, atol=0.07)
        np.testing.assert_allclose(draws.std(0), deviation, rtol=0.03)


def test_previews_show_the_latent_space(pictures: Path):
    shared = {"samples", "interpolation", "reconstructions", "traversals"}
    for recipe, own in ((Autoencoder.tiny(), set()), (VAE.tiny(), {"kl_by_dimension"})):
        for latent_dim, of_two in ((4, set()), (2, {"latent_map"})):
            model = aigc_tf.create(dataclasses.replace(recipe, latent_dim=latent_dim))
            source = open_source(dataclasses.replace(recipe, source=str(pictures)))
            previews = model.previews(source)
            assert set(previews) == shared | own | of_two
            assert all(picture.dtype == np.uint8 and picture.ndim == 3 for picture in previews.values())


def test_activity_orders_dimensions_by_what_they_tell():
    images = np.random.default_rng(0).uniform(0, 1, (20, 16, 16, 1)).astype("float32")
    plain = aigc_tf.create(Autoencoder.tiny())
    np.testing.assert_allclose(plain.activity(images), plain.encode(images).var(axis=0), rtol=1e-6)


@pytest.mark.parametrize("slug", ["vae", "vrae", "text_vae"])
def test_variational_models_say_the_same_of_their_posteriors_whatever_they_encode(slug: str):
    model = made(recipe_classes()[slug].tiny())
    random = np.random.default_rng(0)
    inputs = {
        "vae": random.integers(0, 256, (20, 16, 16, 1), np.uint8),
        "vrae": random.normal(size=(20, 6, 2)),
        "text_vae": ["some text", "text", "some", ""] * 5,
    }[slug]
    found = model.encodings(inputs)
    mean, log_variance = found["mean"], found["log_variance"]
    assert set(found) == {"mean", "log_variance"} and mean.shape == (20, model.latent_dim)
    np.testing.assert_array_equal(model.encode(inputs), mean)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    np.testing.assert_allclose(model.activity(inputs), kl.mean(axis=0), rtol=1e-4, atol=1e-7)
    as_tensors = model.posterior_of(model.prepared(inputs))
    np.testing.assert_allclose(as_tensors.mean, mean, atol=1e-5)
