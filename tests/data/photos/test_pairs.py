"""Paired and unpaired pictures of two domains."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.photos.pairs import open_pairs, open_unpaired
from aigc_tf.errors import InputError
from aigc_tf.recipes.cyclegan import CycleGAN
from aigc_tf.recipes.photos import PhotoSettings
from aigc_tf.recipes.picture_translation import TranslationRecipe
from aigc_tf.recipes.pix2pix import Pix2Pix

SIDE = 16


def recipe_for(kind: type[TranslationRecipe], source: Path | str, target: Path | None = None, **settings: object):  # type: ignore[no-untyped-def]
    photos = PhotoSettings(crop=SIDE, **settings)  # type: ignore[arg-type]
    return dataclasses.replace(
        kind.tiny(), source=str(source), target=None if target is None else str(target), photos=photos
    )


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Twenty pairs: B is A brightened by 100, in another format."""
    random = np.random.default_rng(0)
    first, second = tmp_path / "a", tmp_path / "b"
    for index in range(20):
        pixels = random.integers(0, 100, (SIDE + index, SIDE + 4, 3), np.uint8)
        for folder, values, ending in ((first, pixels, "png"), (second, pixels + 100, "bmp")):
            (folder / "kind").mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(folder / "kind" / f"picture{index}.{ending}")
    return first, second


def difference(batch: dict[str, np.ndarray]) -> np.ndarray:
    """Brightness difference between target and image, in levels."""
    return np.round((np.asarray(batch["target"]) - np.asarray(batch["image"])) * 127.5)


@pytest.mark.parametrize("turns", ["none", "mirror", "all"])
def test_pairs_are_cut_and_turned_alike(folders: tuple[Path, Path], turns: str):
    source = open_pairs(recipe_for(Pix2Pix, *folders, turns=turns))
    assert len(source.train) + len(source.watched) + len(source.test) == 20 and len(source.test)
    for batch in (*source.batches(8, 0).take(3), *source.held_out("test", 100)):
        assert batch["image"].shape[1:] == batch["target"].shape[1:] == (SIDE, SIDE, 3)
        assert (difference(batch) == 100).all()


def test_side_by_side(folders: tuple[Path, Path], tmp_path: Path):
    both = tmp_path / "both"
    both.mkdir()
    for path in (folders[0] / "kind").iterdir():
        a = np.asarray(Image.open(path))
        b = np.asarray(Image.open(folders[1] / "kind" / f"{path.stem}.bmp"))
        Image.fromarray(np.concatenate([a, b], axis=1)).save(both / path.name)
    source, apart = open_pairs(recipe_for(Pix2Pix, both)), open_pairs(recipe_for(Pix2Pix, *folders))
    assert source.fingerprint == apart.fingerprint
    with pytest.raises(InputError, match=r"--target FOLDER"):
        open_pairs(recipe_for(Pix2Pix, folders[0]))


def test_what_has_no_partner_is_said(folders: tuple[Path, Path]):
    (folders[0] / "kind" / "picture3.png").unlink()
    Image.fromarray(np.zeros((SIDE, SIDE + 9, 3), np.uint8)).save(folders[0] / "kind" / "picture4.png")
    text = " ".join(open_pairs(recipe_for(Pix2Pix, *folders)).notes)
    assert "1 without a partner" in text and "1 pairs of different sizes" in text
    for path in (folders[1] / "kind").iterdir():
        path.rename(path.with_stem(f"other_{path.stem}"))
    with pytest.raises(InputError, match="no pictures of the same name"):
        open_pairs(recipe_for(Pix2Pix, *folders))


def test_unpaired_pictures_are_drawn_independently(folders: tuple[Path, Path]):
    source = open_unpaired(recipe_for(CycleGAN, *folders))
    images, targets = [], []
    for batch in source.batches(8, 0).take(4):
        assert not (difference(batch) == 100).all(axis=(1, 2, 3)).any()
        images.append(batch["image"])
        targets.append(batch["target"])
    levels = [np.round(np.asarray(part) * 127.5 + 127.5) for part in (images, targets)]
    assert levels[0].max() < 100 <= levels[1].min()
    for batch in source.held_out("test", 100):
        assert (difference(batch) == 100).all()
    assert len(source.test) == len(open_pairs(recipe_for(Pix2Pix, *folders)).test)


def test_nothing_of_the_test_pairs_is_learnt(folders: tuple[Path, Path]):
    source = open_unpaired(recipe_for(CycleGAN, *folders))
    tested = [{photo[..., part].tobytes() for photo in source.test} for part in (slice(0, 3), slice(3, 6))]
    own = {photo.tobytes() for photo in (*source.train, *source.watched)}
    assert tested[0] and not tested[0] & own
    assert not tested[1] & {photo.tobytes() for photo in source.others}
    assert len(own) == len(source.others) == 20 - len(source.test)


def test_without_any_pair_there_is_no_truth(folders: tuple[Path, Path]):
    for path in list((folders[1] / "kind").iterdir())[:5]:
        path.unlink()
    for path in (folders[1] / "kind").iterdir():
        path.rename(path.with_stem(f"other_{path.stem}"))
    source = open_unpaired(recipe_for(CycleGAN, *folders))
    assert len(source.others) == 15 and len(source.test)
    assert set(next(source.held_out("test", 10))) == {"image"}


def test_given_from_python():
    pictures = np.random.default_rng(0).integers(0, 100, (20, SIDE, SIDE, 3), np.uint8)
    source = open_pairs(recipe_for(Pix2Pix, "auto"), (pictures, pictures + 100))
    (batch,) = source.batches(4, 0).take(1)
    assert (difference(batch) == 100).all()
    with pytest.raises(InputError, match="give two"):
        open_pairs(recipe_for(Pix2Pix, "auto"), pictures)


def test_a_change_of_the_pictures_of_b_is_noticed(folders: tuple[Path, Path]):
    source = open_unpaired(recipe_for(CycleGAN, *folders))
    tested = {photo[..., 3:].tobytes() for photo in source.test}
    assert source.describe()["training pictures of B"] == len(source.others) == 20 - len(tested)
    for path in (folders[1] / "kind").iterdir():
        with Image.open(path) as image:
            pixels = np.asarray(image)
        if pixels.tobytes() not in tested:
            Image.fromarray(255 - pixels).save(path)
            break
    assert open_unpaired(recipe_for(CycleGAN, *folders)).fingerprint != source.fingerprint


def test_what_lies_in_other_parts_is_not_learnt_without_a_partner(folders: tuple[Path, Path]):
    """In both splits: test and validation pairs, and one more picture without a partner."""
    random = np.random.default_rng(1)
    for folder, level in zip(folders, (0, 100), strict=True):
        (folder / "kind").rename(folder / "train")
        for part, names in {"test": ["common", f"alone{level}"], "val": ["chosen", f"only{level}"]}.items():
            (folder / part).mkdir()
            for name in names:
                pixels = random.integers(level, level + 100, (SIDE, SIDE, 3), np.uint8)
                Image.fromarray(pixels).save(folder / part / f"{name}.png")
    source = open_unpaired(recipe_for(CycleGAN, *folders))
    assert [len(part) for part in (source.train, source.others, source.test, source.validation)] == [20, 20, 1, 1]
    assert source.test_split == "the test folder" and source.validation_split == "the validation folder"
    assert "22 pictures form pairs" in " ".join(source.notes)


def test_what_leaves_nothing_to_train_on_is_refused(folders: tuple[Path, Path]):
    """Pairs only in the test folders; and no picture of B that is large enough."""
    random = np.random.default_rng(1)
    for folder, side, name in zip(folders, (SIDE, 4), "xy", strict=True):
        (folder / "kind").rename(folder / "test")
        (folder / "train").mkdir()
        Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)).save(folder / "train" / f"{name}.png")
    with pytest.raises(InputError, match="has no pairs to train on: give more"):
        open_pairs(recipe_for(Pix2Pix, *folders))
    with pytest.raises(InputError, match="has no pictures of B to train on: give more"):
        open_unpaired(recipe_for(CycleGAN, *folders))


def test_one_pair_is_learnt_and_none_is_tested_on():
    picture = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    notes = " ".join(open_pairs(recipe_for(Pix2Pix, "auto"), (picture, picture)).notes)
    assert "warning: there are no pairs to test on" in notes


def test_what_a_folder_of_both_leaves_out_is_said(folders: tuple[Path, Path]):
    (folders[0] / "kind" / "notes.txt").write_text("no picture")
    for path in (folders[0] / "kind").glob("*.png"):
        with Image.open(path) as image:
            image.resize((2 * SIDE, SIDE)).save(path)
    assert "notes.txt" in " ".join(open_pairs(recipe_for(Pix2Pix, folders[0])).notes)


def test_crops_of_both_kinds_are_shown_side_by_side(folders: tuple[Path, Path]):
    shown = open_pairs(recipe_for(Pix2Pix, *folders)).overview().examples["crops"]
    images, targets = (shown.values[start::2].astype(int) for start in (0, 1))
    assert shown.columns == 6 and (targets - images == 100).all()


def test_the_turn_of_one_picture_says_nothing_of_the_place_of_the_other():
    """A is white at the top; the rows of B are numbered, so that the minimum is the start of the crop."""
    white = np.zeros((20, SIDE, SIDE, 3), np.uint8)
    white[:, : SIDE // 2] = 255
    rows = np.broadcast_to(np.arange(SIDE + 1, dtype=np.uint8)[:, None, None], (20, SIDE + 1, SIDE, 3))
    source = open_unpaired(recipe_for(CycleGAN, "auto", turns="all"), (white, rows))
    seen = set()
    for batch in source.batches(8, 0).take(8):
        images, targets = (np.round(np.asarray(batch[name]) * 127.5 + 127.5) for name in ("image", "target"))
        top_or_left = images[:, 0, 0, 0] > 128  # white after the rotation
        seen |= set(zip(top_or_left.tolist(), targets.min(axis=(1, 2, 3)).tolist(), strict=True))
    assert seen == {(turn, top) for turn in (False, True) for top in (0, 1)}
