"""Arbitrary style transfer, conditioned on a style picture."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli.transform import transform
from aigc_tf.data.photos.styled import strokes
from aigc_tf.data.photos.styles import halved, open_styles
from aigc_tf.errors import InputError
from aigc_tf.modalities.photographs import StylePictures
from aigc_tf.recipes.adain import AdaIN
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings

RANDOM = np.random.default_rng(0)
QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)


def noise(side: int) -> np.ndarray:
    """Grey noise, fine and isotropic."""
    return RANDOM.integers(0, 256, (side, side, 1), np.uint8)


def plain(side: int) -> np.ndarray:
    """Dark, with almost no texture."""
    return RANDOM.integers(20, 40, (side, side, 1), np.uint8)


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    small = [RANDOM.integers(0, 256, (4, 4), np.uint8) for _ in range(24)]
    return [np.asarray(Image.fromarray(pixels).resize((32, 32)))[..., None] for pixels in small]


@pytest.fixture(scope="module")
def run(photos: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    """A run trained on pictures of two styles."""
    folder = tmp_path_factory.mktemp("adain")
    (folder / "styles").mkdir()
    for index in range(20):
        pixels = (noise if index % 2 else plain)(64)
        Image.fromarray(pixels[..., 0]).save(folder / "styles" / f"{index}.png")
    recipe = dataclasses.replace(
        AdaIN.tiny(),
        styles=str(folder / "styles"),
        unet_filters=(8, 8),
        style_filters=(8, 8, 8),
        steps=300,
        batch_size=4,
        average_images=200,
        optimizer=AdamSettings(learning_rate=5e-3, clip_norm=1.0),
        logging=QUIET,
    )
    return aigc_tf.train(recipe, folder / "run", data=photos)


def test_the_style_is_that_of_the_condition(run: aigc_tf.Run, photos: list[np.ndarray]):
    """For unseen pictures, each result is closer to its style than to the other, and closer than the photograph."""
    test = np.stack(photos[:4]).astype(np.float32) / 255
    styles = {"noise": noise(32), "plain": plain(32)}
    made = {name: run.transform(test, condition=[picture]) for name, picture in styles.items()}

    def distance(pictures: np.ndarray, style: str) -> float:
        wanted = np.repeat(styles[style][np.newaxis] / np.float32(255), len(test), axis=0)
        return float(np.mean(run.model.distances(pictures, {"image": test, "style": wanted})[0]))

    for own, other in (("noise", "plain"), ("plain", "noise")):
        assert distance(made[own], own) < 0.5 * min(distance(test, own), distance(made[other], own))


def test_each_photograph_has_its_own_style(run: aigc_tf.Run, photos: list[np.ndarray]):
    test = np.stack(photos[:2]).astype(np.float32) / 255
    pictures = [noise(32), plain(40)]  # of another size: resized to the network's
    both = run.transform(test, condition=pictures)
    for index in (0, 1):
        alone = run.transform(test[index : index + 1], condition=[pictures[index]])
        np.testing.assert_allclose(both[index], alone[0], atol=1e-5)


def test_tiles_have_the_whole_style_picture(run: aigc_tf.Run):
    """A uniform photograph gives equal tiles, for any layout of the style picture."""
    even = np.full((64, 128, 1), 0.5, np.float32)
    halves = run.transform(even, condition=[strokes(32, 1)], tile=64, overlap=0)[0]
    np.testing.assert_array_equal(halves[:, :64], halves[:, 64:])


def test_a_file_is_the_condition_of_a_command(run: aigc_tf.Run, photos: list[np.ndarray], tmp_path: Path):
    Image.fromarray(photos[0][..., 0]).save(tmp_path / "photo.png")
    Image.fromarray(np.repeat(noise(80), 3, axis=-1)[:, :50]).save(tmp_path / "style.png")
    transform(run.path, (tmp_path / "photo.png",), out=tmp_path / "o.png", condition=(str(tmp_path / "style.png"),))
    style = StylePictures(32, 1).read(tmp_path / "style.png")
    made = run.transform(photos[0], condition=[style])[0]
    with Image.open(tmp_path / "o.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.round(made[..., 0] * 255).astype(np.uint8))
    with pytest.raises(InputError, match="--condition is missing: adain needs style pictures"):
        transform(run.path, (tmp_path / "photo.png",), out=tmp_path / "p.png")
    with pytest.raises(InputError, match=r"a style picture has shape \(8, 8, 2\)"):
        run.transform(photos[0], condition=np.zeros((8, 8, 2), np.uint8))


def test_styles_are_drawn_whole_and_in_quarters_and_unseen_ones_are_measured_with(photos: list[np.ndarray]):
    source = open_styles(AdaIN.tiny(), photos)
    first, again = (next(iter(source.batches(64, 3))) for _ in range(2))
    np.testing.assert_array_equal(first["style"], again["style"])
    whole = [halved(picture) for picture in source.styles]
    drawn = np.round((np.asarray(first["style"]) + 1) * 127.5).astype(np.uint8)
    is_whole = [any(np.array_equal(picture, other) for other in whole) for picture in drawn]
    assert 16 < sum(is_whole) < 48
    for picture in drawn[np.flatnonzero(~np.array(is_whole))[:4]]:
        windows = (np.lib.stride_tricks.sliding_window_view(one[..., 0], (32, 32)) for one in source.styles)
        assert any((part == picture[..., 0]).all(axis=(2, 3)).any() for part in windows)
    unseen = source.style_squares("test", 3)
    assert not any(np.array_equal(np.round(255 * picture), other) for picture in unseen for other in whole)
    other = dataclasses.replace(source, styles=source.styles[1:])
    assert other.fingerprint != source.fingerprint
