"""Photographs of any size: crops, and held-out photographs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.photos.folder import motifs
from aigc_tf.data.photos.opening import is_grey, open_source
from aigc_tf.data.photos.overview import thumbnail
from aigc_tf.data.photos.photos import gathered
from aigc_tf.errors import InputError
from aigc_tf.recipes.colourise import Colourise
from aigc_tf.recipes.photos import PhotoSettings
from aigc_tf.recipes.upscale import Upscale
from aigc_tf.references import resolve

SIDE = 16


def numbered(height: int, width: int) -> np.ndarray:
    """A photograph whose pixels are their position: (row, column, 7)."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, 7)], axis=-1).astype(np.uint8)


def recipe_for(folder: Path | str = "auto", **settings: object) -> Upscale:
    photos = PhotoSettings(crop=SIDE, **settings)  # type: ignore[arg-type]
    return dataclasses.replace(Upscale.tiny(), source=str(folder), photos=photos, batch_size=6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten photographs of different sizes, no two alike."""
    random = np.random.default_rng(0)
    for index in range(10):
        pixels = random.integers(0, 256, (20 + 3 * index, 50 - 2 * index, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"photo{index}.png")
    return tmp_path


def test_tiles_cover_every_pixel():
    photos = gathered([numbered(20, 40), numbered(33, 17)], channels=3)
    assert photos.tiles(SIDE).tolist() == [2 * 3, 3 * 2]
    for index, numbers in enumerate((range(6), range(6, 12))):
        covered = np.zeros(photos.sizes[index], bool)
        for number in numbers:
            tile = photos.tile(number, SIDE)
            assert tile.shape == (SIDE, SIDE, 3)
            covered[tile[..., 0], tile[..., 1]] = True
        assert covered.all()


def test_crops_are_pieces_of_their_photograph_at_random_places():
    photos = gathered([numbered(20, 40), np.full((SIDE, SIDE, 3), 200, np.uint8)], channels=3)
    numbers = np.random.default_rng(0).random((50, 8))
    crops = photos.crops(np.array([3] * 49 + [6]), numbers, SIDE, "none")
    assert (crops[-1] == 200).all()
    tops, lefts = crops[:-1, 0, 0, 0], crops[:-1, 0, 0, 1]
    assert set(tops) == set(range(20 - SIDE + 1)) and len(set(lefts)) > 15 and lefts.max() <= 40 - SIDE
    expected = numbered(20, 40)
    for crop, top, left in zip(crops[:-1], tops, lefts, strict=True):
        np.testing.assert_array_equal(crop, expected[top : top + SIDE, left : left + SIDE])


@pytest.mark.parametrize(("turns", "kinds"), [("none", 1), ("mirror", 2), ("all", 8)])
def test_turns(turns: str, kinds: int):
    photos = gathered([numbered(SIDE, SIDE)], channels=3)
    crops = photos.crops(np.zeros(200, np.int64), np.random.default_rng(0).random((200, 8)), SIDE, turns)  # type: ignore[arg-type]
    assert len(np.unique(crops, axis=0)) == kinds


def test_a_batch_depends_on_seed_and_step_alone(folder: Path):
    source = open_source(recipe_for(folder))
    first = [batch["image"].numpy() for batch in source.batches(6, 1).take(4)]
    later = [batch["image"].numpy() for batch in source.batches(6, 1, first_step=2).take(2)]
    np.testing.assert_array_equal(first[2:], later)
    share = next(iter(source.batches(6, 1, rows=slice(2, 4))))["image"].numpy()
    np.testing.assert_array_equal(share, first[0][2:4])
    other = next(iter(source.batches(6, 2)))["image"].numpy()
    assert not np.array_equal(other, first[0])
    assert first[0].shape == (6, SIDE, SIDE, 3) and first[0].min() >= -1 and first[0].max() <= 1


def test_nothing_of_the_test_part_is_learnt(folder: Path):
    source = open_source(recipe_for(folder))
    parts = [{photo.tobytes() for photo in part} for part in (source.train, source.validation, source.test)]
    assert [len(part) for part in parts] == [len(source.train), len(source.validation), len(source.test)]
    assert all(parts) and sum(map(len, parts)) == len(set.union(*parts)) == 10
    again = open_source(recipe_for(folder))
    assert again.fingerprint == source.fingerprint
    (folder / "photo3.png").unlink()
    assert open_source(recipe_for(folder)).fingerprint != source.fingerprint


def test_the_same_photograph_in_two_files_is_on_one_side(folder: Path):
    for path in list(folder.iterdir()):
        with Image.open(path) as image:
            image.save(path.with_suffix(".bmp"))
    source = open_source(recipe_for(folder))
    assert len(source.test) % 2 == 0 and len(source.watched) == len(source.train)  # two copies are too many to hold out
    assert len(source.train) + len(source.test) == 20
    assert not {photo.tobytes() for photo in source.test} & {photo.tobytes() for photo in source.train}


def test_variants_of_a_motif_are_held_out_together(tmp_path: Path):
    random = np.random.default_rng(0)
    motif_of = {}
    for motif in range(30):
        for tone in "abc":
            pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
            motif_of[pixels.tobytes()] = motif
            Image.fromarray(pixels).save(tmp_path / f"wave{motif}_{tone}.png")
    source = open_source(recipe_for(tmp_path, group=r"wave(\d+)"))
    tested = [motif_of[photo.tobytes()] for photo in source.test]
    assert tested and all(tested.count(motif) == 3 for motif in tested)
    alone = open_source(recipe_for(tmp_path))
    split = [motif_of[photo.tobytes()] for photo in alone.test]
    assert any(split.count(motif) < 3 for motif in split)


def test_another_folder_to_measure_on(folder: Path, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    Image.fromarray(numbered(SIDE, 30)).save(other / "one.png")
    trained = folder / "train"
    trained.mkdir()
    for path in folder.glob("*.png"):
        path.rename(trained / path.name)
    source = open_source(recipe_for(trained, test=str(other)))
    assert len(source.test) == 1 and source.test[0].shape == (SIDE, 30, 3)
    assert len(source.train) + len(source.validation) == 10
    assert source.test_split == "the folder other"


def test_parts_of_a_folder(folder: Path):
    for part, names in {"train": range(7), "test": range(7, 10)}.items():
        (folder / part).mkdir()
        for index in names:
            (folder / f"photo{index}.png").rename(folder / part / f"photo{index}.png")
    source = open_source(recipe_for(folder))
    assert len(source.test) == 3 and len(source.train) + len(source.validation) == 7


def test_what_is_too_small_or_damaged_is_said(folder: Path):
    Image.fromarray(numbered(8, 90)).save(folder / "flat.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(InputError, match=r"1 of 12 photographs .* cannot be read.*broken\.jpg"):
        open_source(recipe_for(folder))
    source = open_source(recipe_for(folder, max_unreadable=0.2))
    text = " ".join(source.notes)
    assert "flat.png (90x8)" in text and "broken.jpg" in text
    with pytest.raises(InputError, match=r"give --photos\.crop a smaller number"):
        open_source(dataclasses.replace(recipe_for(folder), photos=PhotoSettings(crop=80, max_unreadable=1.0)))


def test_given_from_python():
    photos = [numbered(20 + index, 30) for index in range(5)]
    source = open_source(recipe_for(), photos)
    assert len(source.train) + len(source.validation) + len(source.test) == 5
    unit = open_source(recipe_for(), [photo / 255 for photo in photos])
    assert unit.fingerprint == source.fingerprint
    for wrong, words in (
        ([np.zeros((9, 9, 3))], "at most 9"),
        ([np.zeros((20, 20, 4))], "expected"),
        ([], "no"),
    ):
        with pytest.raises(InputError, match=words):
            open_source(recipe_for(), wrong)
    with pytest.raises(InputError, match=r"numbers in \[0, 1\]"):
        open_source(recipe_for(), [np.full((20, 20, 3), np.nan)])


def test_sources_that_are_no_folder(tmp_path: Path):
    with pytest.raises(InputError, match="crop of 64"):
        open_source(Upscale(source="fashion_mnist_10k", photos=PhotoSettings(crop=64)))
    file = tmp_path / "photo.png"
    Image.fromarray(numbered(20, 20)).save(file)
    with pytest.raises(InputError, match="name the folder"):
        open_source(recipe_for(file))
    with pytest.raises(InputError, match="does not exist"):
        open_source(recipe_for(tmp_path / "nowhere"))


def test_photographs_in_a_validation_folder_choose_and_are_not_learnt(folder: Path):
    for index, path in enumerate(sorted(folder.glob("*.png"))):
        part = folder / ("val" if index < 3 else "train")
        part.mkdir(exist_ok=True)
        path.rename(part / path.name)
    source = open_source(recipe_for(folder))
    assert len(source.validation) == 3 and source.validation_split == "the validation folder"
    assert len(source.train) + len(source.test) == 7
    before = source.fingerprint
    (folder / "val" / "photo1.png").unlink()
    assert open_source(recipe_for(folder)).fingerprint != before


def test_test_photographs_that_are_trained_on_are_left_out(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("other")
    Image.fromarray(numbered(SIDE, 30)).save(other / "new.png")
    Image.fromarray(numbered(4, 30)).save(other / "small.png")
    with Image.open(folder / "photo3.png") as known:
        known.save(other / "known.bmp")
    source = open_source(recipe_for(folder, test=str(other)))
    assert [photo.shape for photo in source.test] == [(SIDE, 30, 3)]
    text = " ".join(source.notes)
    assert "of the test photographs, left out: 1 that are in the training part" in text
    assert "of the test photographs, 1 smaller than a crop" in text and "small.png" in text


def test_variants_of_a_motif_are_chosen_by_together(tmp_path: Path):
    random = np.random.default_rng(0)
    motif_of = {}
    for motif in range(40):
        for tone in ("", "_dark"):
            pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
            motif_of[pixels.tobytes()] = motif
            Image.fromarray(pixels).save(tmp_path / f"wave{motif}{tone}.png")
    source = open_source(recipe_for(tmp_path, group=r"wave\d+"))
    chosen, learnt = ({motif_of[photo.tobytes()] for photo in part} for part in (source.validation, source.train))
    assert chosen and not chosen & learnt
    alone = open_source(recipe_for(tmp_path))
    assert {motif_of[photo.tobytes()] for photo in alone.validation} & {motif_of[p.tobytes()] for p in alone.train}


def test_the_part_of_a_name_that_names_the_motif():
    names = ["a/wave1_x.png", "a/wave1_y.png", "a/sun.png"]
    assert motifs(names, r"wave\d+") == [b"wave1", b"wave1", b"a/sun.png"]
    assert motifs(names, r"(wave\d)?.*_[xy]") == [b"wave1", b"wave1", b"a/sun.png"]
    assert motifs(["sun_x.png"], r"(wave\d)?sun") == [b"sun"]
    assert motifs(names, None) == [None] * 3


def test_grey_photographs_teach_no_colours(folder: Path):
    recipe = dataclasses.replace(Colourise.tiny(), source=str(folder), photos=PhotoSettings(crop=SIDE))
    assert "no colours can be learnt" not in " ".join(resolve(recipe.data)(recipe).notes)
    for path in folder.iterdir():
        with Image.open(path) as image:
            image.convert("L").save(path)
    assert "no colours can be learnt" in " ".join(resolve(recipe.data)(recipe).notes)


def test_single_grey_photographs_are_left_out_where_colours_are_learnt():
    grey, coloured = np.full((2, SIDE, SIDE, 3), 9, np.uint8), np.zeros((8, SIDE, SIDE, 3), np.uint8)
    coloured[..., 0] = np.random.default_rng(0).integers(1, 256, coloured.shape[:3])
    recipe = dataclasses.replace(Colourise.tiny(), photos=PhotoSettings(crop=SIDE))
    found = resolve(recipe.data)(recipe, [*grey, *coloured])
    parts = [found.train, found.validation, found.test]
    assert sum(map(len, parts)) == len(coloured) and not any(is_grey(photo) for part in parts for photo in part)
    assert "left out: 2 without colours" in found.notes


def test_nothing_can_be_read(tmp_path: Path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(InputError, match=r"1 of 1 photographs .* cannot be read.*broken\.jpg"):
        open_source(recipe_for(tmp_path, max_unreadable=1.0))
    (tmp_path / "broken.jpg").unlink()
    with pytest.raises(InputError, match="holds no photographs"):
        open_source(recipe_for(tmp_path))


def test_photographs_beside_folders_are_learnt_too(folder: Path):
    for index in range(8):
        place = folder / ("sea", "land")[index % 2]
        place.mkdir(exist_ok=True)
        (folder / f"photo{index}.png").rename(place / f"photo{index}.png")
    source = open_source(recipe_for(folder))
    assert len(source.train) + len(source.validation) + len(source.test) == 10


def test_what_there_is_to_know(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    """One photograph has a copy and a slightly brighter copy; one is grey and blank."""
    smooth = np.asarray(
        Image.fromarray(np.random.default_rng(5).integers(0, 200, (4, 4, 3), np.uint8)).resize((90, 60))
    )
    for name, pixels in {"a": smooth, "b": smooth, "c": smooth + 3, "d": np.full((30, 20, 3), 9, np.uint8)}.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    other = tmp_path_factory.mktemp("other")
    Image.fromarray(numbered(SIDE, 30)).save(other / "one.png")
    source = open_source(recipe_for(folder, test=str(other)))
    whole = dataclasses.replace(source, train=source.uncut, validation=None, uncut=None)
    found = whole.overview()
    assert found.facts["widths"] == "from 20 to 90 pixels, median 43"
    assert found.facts["copies"].startswith("1 ") and found.facts["near-duplicates"].startswith("1 ")
    assert found.facts["grey"].startswith("1 ") and found.facts["one colour"].startswith("1 ")
    assert found.facts["crops"].startswith(f"{whole.count} of 16 x 16")
    assert sum(found.counts["shorter sides, pixels"].numbers) == 14
    assert len(found.examples["examples"].values) == 12 and found.examples["crops"].values.shape == (24, SIDE, SIDE, 3)
    assert len(found.examples["near-duplicates, side by side"].values) == 2
    assert thumbnail(np.zeros((512, 100, 1), np.uint8)).shape == (256, 50, 1)
