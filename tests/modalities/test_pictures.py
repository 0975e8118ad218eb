"""Picture files: round trips in the format of the extension, atomic writes, and search in folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.recipes.images import ImageSettings

MADE_BY = {"Software": "aigc_tf", "aigc_tf.recipe": "dcgan"}
GREY, COLOUR = Pictures(ImageSettings(height=6, width=4)), Pictures(ImageSettings(height=6, width=4, channels=3))


def noise(count: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 6, 4, channels), np.uint8)


@pytest.mark.parametrize(("pictures", "channels"), [(GREY, 1), (COLOUR, 3)])
def test_a_picture_is_read_as_it_was_written(pictures: Pictures, channels: int, tmp_path: Path):
    (picture,) = noise(1, channels)
    for value in (picture, (picture / 255).astype(np.float32)):
        pictures.write(tmp_path / "a.png", value, MADE_BY)
        np.testing.assert_array_equal(pictures.read(tmp_path / "a.png"), picture)
        with Image.open(tmp_path / "a.png") as file:
            assert {name: file.info[name] for name in MADE_BY} == MADE_BY


def test_the_form_follows_from_the_ending(tmp_path: Path):
    values = noise(5)
    for name in ("a.png", "a.gif", "a.npy", "folder"):
        GREY.write_all(tmp_path / name, values, MADE_BY)
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.n_frames == 8 and b"aigc_tf" in animation.info["comment"]  # forth and back
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.format == "PNG" and sheet.info["aigc_tf.recipe"] == "dcgan"
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), values / np.float32(255))
    names = sorted(path.name for path in (tmp_path / "folder").iterdir())
    assert names == [f"{number:05d}.png" for number in range(5)]
    found = [GREY.read(tmp_path / "folder" / name) for name in names]
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("name", ["a.npy", "folder", "a.png"])
def test_batches_are_written_as_all_at_once(name: str, tmp_path: Path):
    values = noise(7)
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    GREY.write_all(tmp_path / "whole" / name, values, MADE_BY)
    GREY.write_batches(tmp_path / "parts" / name, (values[at : at + 3] for at in range(0, 7, 3)), 7, MADE_BY)
    whole, parts = (
        {path.relative_to(tmp_path / side): path.read_bytes() for path in (tmp_path / side).rglob("*.*")}
        for side in ("whole", "parts")
    )
    assert whole == parts and whole


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"old")

    def broken() -> Iterator[np.ndarray]:
        yield noise(3)
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        GREY.write_batches(path, broken(), 6, MADE_BY)
    assert path.read_bytes() == b"old" and [file.name for file in tmp_path.iterdir()] == ["a.npy"]
    with pytest.raises(AttributeError):
        GREY.write(tmp_path / "b.png", None, MADE_BY)
    assert [file.name for file in tmp_path.iterdir()] == ["a.npy"]


def test_files_of_folders_are_found_by_their_endings_and_named_below_them(tmp_path: Path):
    for name in ("one/a.png", "one/deep/b.JPG", "one/notes.txt", "one/.hidden.png", "two/a.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    one, two, notes = tmp_path / "one", tmp_path / "two", tmp_path / "one" / "notes.txt"
    assert [str(file.name) for file in GREY.find([one])] == ["a.png", "deep/b.JPG"]
    found = GREY.find([one, two, notes])  # explicit files are read with any extension
    assert [str(file.name) for file in found] == ["one/a.png", "one/deep/b.JPG", "two/a.png", "notes.txt"]
    assert [file.path for file in found][2:] == [two / "a.png", notes]
    assert len(GREY.find([one, one])) == 2


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no pictures are named: give files or folders"),
        (["nowhere"], "nowhere does not exist: name files of pictures"),
        (["empty"], r"empty holds no pictures: expected files that end in \.png, "),
    ],
)
def test_paths_that_name_nothing_are_refused(names: list[str], message: str, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        GREY.find([tmp_path / name for name in names])


def test_what_cannot_be_read_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture):
    for number, picture in enumerate(noise(5)):
        GREY.write(tmp_path / f"{number}.png", picture, MADE_BY)
    (tmp_path / "2.png").write_bytes(b"no picture")
    (tmp_path / "3.png").unlink()
    (tmp_path / "3.png").symlink_to(tmp_path / "nowhere")
    batches = list(GREY.read_all(GREY.find([tmp_path]), at_once=2))
    assert [[str(file.name) for file in files] for files, _ in batches] == [["0.png", "1.png"], ["4.png"]]
    np.testing.assert_array_equal(np.concatenate([values for _, values in batches]), noise(5)[[0, 1, 4]])
    said = capsys.readouterr().err
    assert "2 of 5 files could not be read" in said and "3.png (no such file)" in said
    with pytest.raises(InputError, match=r"none of the pictures can be read: .*2\.png \(not a readable"):
        list(GREY.read_all(GREY.find([tmp_path / "2.png"]), at_once=2))
    with pytest.raises(UnreadableError):
        GREY.read(tmp_path / "2.png")


def test_one_picture_is_one_row_and_serves_for_all():
    values = noise(3)
    assert GREY.rows(values[0]).shape == (1, 6, 4, 1) and GREY.rows(list(values)).shape == (3, 6, 4, 1)
    np.testing.assert_array_equal(GREY.values(values[0], 6), np.stack([values[0]] * 6))  # as many as rows
    np.testing.assert_array_equal(GREY.values(values, 3), values)


def test_a_comparison_shows_input_output_and_difference(tmp_path: Path):
    values = noise(2)
    sheet = GREY.compare(values, values)
    assert sheet.shape == (2 * 8 + 2, 3 * 6 + 2, 1)
    np.testing.assert_array_equal(sheet[2:8, 2:6], values[0])
    assert not sheet[2:8, 14:18].any()  # black: no difference


@pytest.mark.parametrize(("pictures", "channels"), [(GREY, 1), (COLOUR, 3)])
def test_strange_pictures_are_noise_negatives_shuffled_ones_and_plain_ones(pictures: Pictures, channels: int):
    values = (noise(40, channels) / 512).astype(np.float32)  # in the darker half
    made = pictures.strange(values, 0)
    assert made.shape == values.shape and made.dtype == np.float32 and made.min() >= 0 and made.max() <= 1
    np.testing.assert_array_equal(made, pictures.strange(values, 0))
    assert not np.array_equal(made, pictures.strange(values, 1))
    uniform, negative, shuffled, plain = (made[kind::4] for kind in range(4))
    assert uniform.std() == pytest.approx(12**-0.5, rel=0.1) and uniform.mean() == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(negative, 1 - values[1::4])
    ordered, before = (np.sort(rows.reshape(10, 24, channels), axis=1) for rows in (shuffled, values[2::4]))
    np.testing.assert_array_equal(ordered, before)
    assert (shuffled != values[2::4]).mean() > 0.5
    assert (plain == plain[:, :1, :1]).all() and plain[:, 0, 0].std() > 0.1
