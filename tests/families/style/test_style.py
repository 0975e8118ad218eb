"""Style transfer: statistics in closed form, and a style learnt in seconds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import aigc_tf
from aigc_tf.data.photos.styled import StylePicture, strokes, style_pixels
from aigc_tf.errors import InputError
from aigc_tf.nn.style_features import (
    BINS,
    content_distance,
    directions,
    gram,
    quantiles,
    random_features,
    style_distance,
)
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings
from aigc_tf.recipes.style import Style

RANDOM = np.random.default_rng(0)
QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)


def test_gram_matrices_in_closed_form():
    features = tf.constant(RANDOM.random((2, 3, 4, 5)), tf.float32)
    rows = np.asarray(features).reshape(2, 12, 5)
    np.testing.assert_allclose(gram(features), rows.transpose(0, 2, 1) @ rows / 12, rtol=1e-5)


@pytest.mark.parametrize("places", [(16, 32), (5, 3)])
def test_quantiles_in_closed_form(places: tuple[int, int]):
    """Means of sorted values between quantiles; with fewer values than bins, values are repeated."""
    features = RANDOM.random((2, *places, 6)).astype(np.float32)
    ordered = np.sort(features.reshape(2, -1, 6) @ directions(6), axis=1).transpose(0, 2, 1)
    finer = np.repeat(ordered, BINS, axis=-1)  # each value repeated
    expected = finer.reshape(2, 6, BINS, -1).mean(axis=-1)
    np.testing.assert_allclose(quantiles(tf.constant(features)), expected, atol=1e-5)
    np.testing.assert_allclose(directions(6).T @ directions(6), np.eye(6), atol=1e-6)


def test_quantiles_see_what_means_and_products_do_not():
    """Two values in equal shares, and three values with the same mean and variance."""
    two = np.repeat([-1.0, 1.0], 512)
    three = np.sqrt(1.5) * np.array([-1.0, 0.0, 1.0])[RANDOM.permutation(np.arange(1023) % 3)]
    maps = [tf.constant(values.reshape(1, -1, 1, 1), tf.float32) for values in (two, three)]
    grams, described = [gram(part) for part in maps], [quantiles(part) for part in maps]
    assert abs(float(grams[0][0, 0, 0] - grams[1][0, 0, 0])) < 1e-5
    assert float(style_distance(described[:1], described[1:])[0]) > 0.1


def test_the_place_of_things_is_no_matter_of_style_and_is_one_of_content():
    look = random_features()
    picture = strokes(64, 3)[np.newaxis].astype(np.float32) / 255
    moved, plain = np.roll(picture, 32, axis=2), np.full_like(picture, 0.5)
    maps, of_moved, of_plain = look(tf.constant(picture)), look(tf.constant(moved)), look(tf.constant(plain))
    assert float(content_distance(maps, maps)[0]) == 0
    for describe in (gram, quantiles):
        wanted, moved_is, plain_is = ([describe(part) for part in found] for found in (maps, of_moved, of_plain))
        assert float(style_distance(wanted, wanted)[0]) == 0
        assert float(style_distance(moved_is, wanted)[0]) < 0.1 < 0.8 < float(style_distance(plain_is, wanted)[0]) < 1.2
    assert float(content_distance(of_moved, maps)[0]) > 0.3


def test_a_style_is_learnt(tmp_path: Path):
    """The loss on unseen photographs is closer to that of slow optimisation than to that of copying."""
    photos = [
        np.asarray(Image.fromarray(RANDOM.integers(0, 256, (4, 4), np.uint8)).resize((32, 32)))[..., None]
        for _ in range(24)
    ]
    recipe = dataclasses.replace(
        Style.tiny(),
        unet_filters=(8, 8),
        steps=300,
        batch_size=4,
        average_images=200,
        style_weight=15.0,
        optimizer=AdamSettings(learning_rate=5e-3, clip_norm=1.0),
        logging=QUIET,
    )
    run = aigc_tf.train(recipe, tmp_path / "run", data=photos)
    test = np.stack(photos[:4]).astype(np.float32) / 255
    styled = run.transform(test)
    style, content = (float(np.mean(part)) for part in run.model.distances(styled, {"image": test}))
    copied, _ = (float(np.mean(part)) for part in run.model.distances(test, {"image": test}))
    assert style < 0.6 * copied and content < 1
    reopened = aigc_tf.Run.open(run.path)
    np.testing.assert_array_equal(reopened.transform(test), styled)
    np.testing.assert_array_equal(reopened.model.style.pixels, strokes(32, 1))


def test_what_surrounds_a_crop_is_seen_and_does_not_count(monkeypatch: pytest.MonkeyPatch):
    recipe = dataclasses.replace(
        Style.tiny(), surround=8, photos=dataclasses.replace(Style.tiny().photos, crop=32), style_side=32
    )
    model = aigc_tf.create(recipe, style=StylePicture(strokes(32, 1)))
    batch = {"image": tf.constant(RANDOM.uniform(-1, 1, (2, 32, 32, 1)), tf.float32)}
    styled = RANDOM.random((2, 32, 32, 1)).astype(np.float32)
    losses = []
    for around, inside in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)):
        made = styled.copy()
        made[:, :8] += around
        made[:, 15:17] += inside
        monkeypatch.setattr(model, "called", lambda network, inputs, training, made=made: tf.constant(made))
        losses.append(float(model.losses_of(model.network, batch, training=True)["loss"]))
    assert losses[0] == losses[1] != losses[2]
    with pytest.raises(ValueError, match="surround is 12: of crops of 32 pixels 16 at least must be left"):
        dataclasses.replace(recipe, surround=12)


def test_style_pictures(tmp_path: Path):
    pixels = RANDOM.integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "painting.png")
    recipe = dataclasses.replace(Style(), style=str(tmp_path / "painting.png"), style_side=40)
    np.testing.assert_array_equal(style_pixels(recipe), pixels[:, 10:50])
    kept = StylePicture.from_json(StylePicture(pixels).to_json())
    np.testing.assert_array_equal(kept.pixels, pixels)
    assert not kept.reason_to_refuse(StylePicture(pixels))
    assert "begin a new run" in kept.reason_to_refuse(StylePicture(strokes(40, 3)))
    for text in ("{}", '{"png": "AAAA"}', "no"):
        with pytest.raises(InputError, match="damaged"):
            StylePicture.from_json(text)
    with pytest.raises(InputError, match="is not a picture"):
        style_pixels(dataclasses.replace(recipe, style=str(tmp_path / "none.png")))
