"""Captioned clips: captions match the frames; hashed captions; invalid tables."""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.moments.grams import grams_of, parts_of
from aigc_tf.data.moments.opening import open_source
from aigc_tf.data.moments.source import drifting
from aigc_tf.errors import InputError
from aigc_tf.recipes.align import Align
from aigc_tf.recipes.video import VideoSettings

RECIPE = dataclasses.replace(Align.tiny(), frames=9, scenes=3)
COUNT = 60
GREY = np.tile(np.arange(COUNT, dtype=np.uint8).reshape(-1, 1, 1, 1) * 4, (1, 32, 32, 1))
CAPTIONS = [f"grey {level} of {COUNT}" for level in range(COUNT)]


def test_captions_say_what_is_shown_and_when():
    source = open_source(RECIPE, (GREY, CAPTIONS))
    assert len(source.train) + len(source.validation) + len(source.test) == COUNT
    for clip in source.inputs("train", 20):
        assert clip.frames.shape == (9, 32, 32, 1) and len(set(clip.captions)) == 3
        shown = np.full(9, -1)
        for caption, (first, last) in zip(clip.captions, clip.places, strict=True):
            assert last - first + 1 >= RECIPE.shortest
            assert (shown[first : last + 1] == -1).all()
            shown[first : last + 1] = int(caption.split()[1])
            levels = clip.frames[first : last + 1].reshape(-1)
            assert len(set(levels)) == 1 and abs(levels[0] - 4 * shown[first]) <= 0.2 * 4 * shown[first] + 1
        assert (shown >= 0).all()


def test_batches_depend_on_seed_and_step_alone_and_say_the_same():
    source = open_source(RECIPE, (GREY, CAPTIONS))
    steps = iter(source.batches(4, seed=1))
    next(steps)
    batch, again = next(steps), next(iter(source.batches(4, seed=1, first_step=1)))
    assert all(np.array_equal(batch[name], again[name]) for name in ("clip", "grams", "shown"))
    assert batch["clip"].shape == (4, 9, 32, 32, 1) and batch["grams"].shape == (4, 3, 16)
    # One picture per frame.
    np.testing.assert_array_equal(np.sum(batch["shown"], axis=1), 1)
    other = next(iter(source.batches(4, seed=2, first_step=1)))
    assert not np.array_equal(batch["clip"], other["clip"])


def test_parts_share_no_picture_and_evaluations_see_the_same_clips():
    source, again = (open_source(RECIPE, (GREY, CAPTIONS)) for _ in range(2))
    parts = [set(part.captions) for part in (source.train, source.validation, source.test)]
    assert sum(map(len, parts)) == COUNT == len(set.union(*parts))
    assert source.fingerprint == again.fingerprint
    for one, other in zip(source.inputs("test", 5), again.inputs("test", 5), strict=True):
        assert one.captions == other.captions and np.array_equal(one.frames, other.frames)


def test_a_picture_drifts_by_whole_pixels():
    picture = np.random.default_rng(0).integers(0, 200, (32, 32, 3), np.uint8)
    shown = drifting(picture, 5, np.random.default_rng(1))
    assert shown.shape == (5, 32, 32, 3)
    steps = [np.abs(shown[1:].astype(int) - shown[:-1])[:, 12:20, 12:20].max()]
    assert max(steps) > 0


def test_captions_as_numbers():
    assert parts_of("Red Ball") == [
        *("red", "ball"),
        *("<re", "red", "ed>", "<red", "red>"),
        *("<ba", "bal", "all", "ll>", "<bal", "ball", "all>"),
    ]
    assert parts_of("红球")[:3] == ["红球", "红", "球"]
    (row,) = grams_of(["Red Ball"], 20, 1000)
    assert row[0] == zlib.crc32(b"red") % 1000 + 1 and (row[14:] == 0).all() and (row[:14] > 0).all()
    np.testing.assert_array_equal(grams_of(["Red Ball"], 4, 1000)[0], row[:4])
    assert not grams_of(["?!"], 4, 1000).any()


def folder_with(folder: Path, lines: list[str], pictures: int = 40) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(pictures):
        Image.fromarray(GREY[number, ..., 0]).save(folder / f"{number}.png")
    (folder / "captions.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_folder_with_a_table_is_read_and_what_cannot_be_is_named(tmp_path: Path):
    rows = [f"{number}.png\t{CAPTIONS[number]}" for number in range(40)]
    recipe = dataclasses.replace(RECIPE, source=str(folder_with(tmp_path / "good", [*rows, "none.png\tnothing"])))
    source = open_source(recipe)
    assert len(source.train) + len(source.validation) + len(source.test) == 40
    assert "none.png" in source.notes[-1]
    table = dataclasses.replace(recipe, source=str(tmp_path / "good" / "captions.tsv"))
    assert open_source(table).fingerprint == source.fingerprint


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["0.png no tab"], "line 1: expected two columns"),
        (["../0.png\tout"], "names are relative to it"),
        (["/etc/passwd\tout"], "names are relative to it"),
        (["0.png\tone", "none.png\ttwo"], "1 of 2 pictures that .* video.max_unreadable allows"),
        (["0.png\tone", "1.png\tone", "2.png\ttwo"], "a clip has 3 pictures with different captions"),
        ([""], "is empty: name a file that holds text"),
    ],
)
def test_tables_that_cannot_be_used_get_one_line(lines: list[str], message: str, tmp_path: Path):
    recipe = dataclasses.replace(RECIPE, source=str(folder_with(tmp_path / "bad", lines, pictures=3)))
    with pytest.raises(InputError, match=message) as caught:
        open_source(recipe)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_table_gets_one_line(tmp_path: Path):
    with pytest.raises(InputError, match=r"captions\.tsv"):
        open_source(dataclasses.replace(RECIPE, source=str(tmp_path)))


def test_too_many_pictures_for_so_few_frames_are_refused():
    with pytest.raises(ValueError, match="frames is 5: 3 pictures"):
        Align(frames=5, scenes=3, video=VideoSettings(size=32, crop=32))
