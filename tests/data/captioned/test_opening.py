"""Folders of pictures with files of captions."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.captioned.made_up import shapes
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.data.captioned.reading import read_captions
from aigc_tf.errors import InputError
from aigc_tf.recipes.match import Match

TINY = Match.tiny()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic pictures as files, with a table of captions."""
    path = tmp_path_factory.mktemp("captioned")
    pictures, captions = shapes(16, 16)
    lines = []
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        Image.fromarray(picture).save(path / f"{number:03d}.png")
        lines.append(f"{number:03d}.png\t{caption}\n")
    (path / "captions.tsv").write_text("".join(lines))
    return path


def test_a_folder_holds_out_what_made_up_pictures_do(folder: Path) -> None:
    source, auto = open_source(dataclasses.replace(TINY, source=str(folder))), open_source(TINY)
    assert source.fingerprint == auto.fingerprint
    assert source.test.captions == auto.test.captions and len(source.test.captions) == 38
    np.testing.assert_array_equal(source.test.images, auto.test.images)
    held = {own[0] for own in source.test.captions} | {own[0] for own in source.validation.captions}
    assert not held & {own[0] for own in source.train.captions}


def test_batches_have_each_picture_with_its_caption() -> None:
    source = open_source(dataclasses.replace(TINY, augmentation=type(TINY.augmentation)()))
    texts = {tuple(source.captions.numbers([text])[0]): text for (text,) in source.train.captions}
    batch = next(iter(source.batches(8, seed=3)))
    for image, words in zip(batch["image"].numpy(), batch["words"].numpy(), strict=True):
        (row,) = [row for row, own in enumerate(source.train.captions) if own[0] == texts[tuple(words)]]
        np.testing.assert_allclose(image, source.train.images[row] / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.tsv", "a.png\tone  thing\na.png\tanother\nb/c.png\tred\n"),
        ("t.csv", 'id,image,caption\n1,a.png,one thing\n2,a.png,another\n3,b/c.png,"red"\n'),
        (
            "t.jsonl",
            '{"file_name": "a.png", "text": ["one thing", "another"]}\n{"file_name": "b/c.png", "text": "red"}\n',
        ),
        (
            "t.json",
            json.dumps(
                {
                    "images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b/c.png"}],
                    "annotations": [
                        {"image_id": 7, "caption": "one thing"},
                        {"image_id": 7, "caption": "another"},
                        {"image_id": 8, "caption": "red"},
                    ],
                }
            ),
        ),
    ],
)
def test_forms_of_captions(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert read_captions(path) == {"a.png": ["one thing", "another"], "b/c.png": ["red"]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.tsv", "a.png\tone\nb.png\n", "line 2: expected two columns"),
        ("t.tsv", "../a.png\tone\n", "is not in the folder"),
        ("t.tsv", "/etc/a.png\tone\n", "is not in the folder"),
        ("t.tsv", "a.png\t \n", "has no captions"),
        ("t.jsonl", "{\n", "line 1 is not JSON"),
        ("t.jsonl", '{"a": 1}\n', "is not an object with a picture"),
        ("t.jsonl", '{"image": 1, "text": "x"}\n', "must be text"),
        ("t.json", "[]", "is not in COCO format"),
        (
            "t.json",
            '{"images": [{"id": 1, "file_name": 2}], "annotations": [{"image_id": 1, "caption": ""}]}',
            "be text",
        ),
    ],
)
def test_bad_captions_are_refused_in_one_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_captions(path)
    assert "\n" not in str(caught.value)


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no captions\.tsv or the like"):
        open_source(dataclasses.replace(TINY, source=str(tmp_path)))
    with pytest.raises(InputError, match="there is no such file"):
        open_source(dataclasses.replace(TINY, source=str(folder), captions=str(tmp_path / "x.tsv")))
    other = tmp_path / "other.tsv"
    other.write_text((folder / "captions.tsv").read_text() + "".join(f"gone{n}.png\tred\n" for n in range(20)))
    with pytest.raises(InputError, match=r"20 of 404 pictures .* cannot be read"):
        open_source(dataclasses.replace(TINY, source=str(folder), captions=str(other)))


def test_given_pictures_may_have_several_captions() -> None:
    pictures, captions = shapes(16, 16)
    source = open_source(TINY, data=(pictures, [[text, f"a picture: {text}"] for text in captions]))
    assert source.caption_count == 2 * source.count
    seen = {tuple(row) for batch in source.batches(64, 0).take(20) for row in batch["words"].numpy()}
    assert len(seen) > 1.5 * source.count
    with pytest.raises(InputError, match="384 images and 1 captions"):
        open_source(TINY, data=(pictures, ["one"]))


def test_nothing_to_test_on_is_said() -> None:
    pictures, _ = shapes(16, 16)
    with pytest.raises(InputError, match="leaves nothing to test on"):
        open_source(TINY, data=(pictures, [f"thing{number}" for number in range(len(pictures))]))


def test_captions_as_json() -> None:
    captions = open_source(TINY).captions
    again = Captions.from_json(captions.to_json())
    assert again.known == captions.known and again.length == captions.length
    texts = ["SMALL  red circle left", "small mauve circle"]
    np.testing.assert_array_equal(again.numbers(texts), captions.numbers(texts))
    assert captions.unknown_in(texts[1]) == ["mauve"]
    with pytest.raises(InputError, match="does not hold captions"):
        Captions.from_json('{"length": 0, "known": [], "vocabulary": {}}')
