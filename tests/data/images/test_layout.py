"""Folder structure: splits and classes from the paths of pictures."""

from __future__ import annotations

import pytest

from aigc_tf.data.images.layout import Layout, layout_of
from aigc_tf.errors import InputError


def layout(*files: str) -> Layout:
    return layout_of(sorted(files, key=lambda name: name.split("/")), "photos")


def classes(found: Layout) -> dict[str, str]:
    assert found.labels is not None and found.class_names is not None
    return {name: found.class_names[label] for name, label in zip(found.files, found.labels, strict=True)}


def test_sub_folders_are_classes() -> None:
    found = layout("oak/1.png", "Ash/deep/2.png", "elm/3.png")
    assert found.class_names == ("Ash", "elm", "oak") and set(found.parts) == {""}
    assert classes(found) == {"oak/1.png": "oak", "Ash/deep/2.png": "Ash", "elm/3.png": "elm"}


@pytest.mark.parametrize("files", [["1.png", "2.png"], ["a/1.png", "a/2.png"], ["a/1.png", "2.png"]])
def test_fewer_than_two_sub_folders_are_no_classes(files: list[str]) -> None:
    found = layout(*files)
    assert found.labels is None and found.class_names is None and len(found.files) == 2 and found.notes == ()


def test_a_stray_picture_beside_folders_of_classes_is_left_out_and_named() -> None:
    found = layout("cat/1.png", "cat/2.png", "dog/1.png", "cover.png")
    assert found.class_names == ("cat", "dog") and found.files == ("cat/1.png", "cat/2.png", "dog/1.png")
    assert found.notes == ("left out: 1 beside the folders of classes (cover.png)",)


def test_many_pictures_beside_sub_folders_are_a_collection_without_classes() -> None:
    found = layout("a/1.png", "b/2.png", "3.png", "4.png")
    assert found.labels is None and len(found.files) == 4
    assert found.notes == ("no classes: 2 images lie beside the sub-folders, at least as many as in them",)


def test_folders_of_parts_are_no_classes() -> None:
    found = layout("Train/cat/1.png", "Train/dog/2.png", "TEST/cat/3.png", "val/dog/4.png", "cover.png")
    assert dict(zip(found.files, found.parts, strict=True)) == {
        "Train/cat/1.png": "train",
        "Train/dog/2.png": "train",
        "TEST/cat/3.png": "test",
        "val/dog/4.png": "validation",
    }
    assert found.class_names == ("cat", "dog") and classes(found)["TEST/cat/3.png"] == "cat"
    assert found.notes == ("left out: 1 beside the folders of parts (cover.png)",)


def test_parts_may_have_no_classes_and_a_part_without_them_is_left_out() -> None:
    plain = layout("train/1.png", "train/2.png", "test/3.png")
    assert plain.labels is None and plain.parts == ("test", "train", "train")
    flat = layout("train/cat/1.png", "train/dog/2.png", "test/3.png")
    assert flat.parts == ("train", "train") and flat.class_names == ("cat", "dog")
    assert flat.notes == ("left out: 1 beside the folders of classes (test/3.png)",)


def test_a_class_of_the_test_part_alone_has_its_name() -> None:
    found = layout("train/cat/1.png", "train/dog/2.png", "test/owl/3.png")
    assert found.class_names == ("cat", "dog", "owl") and classes(found)["test/owl/3.png"] == "owl"


def test_train_alone_is_the_training_part_and_may_be_a_class_among_others() -> None:
    assert layout("train/cat/1.png", "train/dog/2.png").class_names == ("cat", "dog")
    assert layout("train/1.png", "car/2.png").class_names == ("car", "train")
    assert layout("test/1.png", "test/2.png").parts == ("", "")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["test/1.png", "val/2.png"], "photos has the folders test, val and none for training: name one train"),
        (["train/1.png", "test/2.png", "old/3.png"], "photos has the folders test, train of parts and beside them old"),
    ],
)
def test_what_cannot_be_told_is_refused(files: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        layout(*files)


def test_names_of_classes_are_printable() -> None:
    assert layout("a\n/1.png", "b/2.png").class_names == (r"a\n", "b")
