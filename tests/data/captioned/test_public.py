"""Captioned pictures from TFDS: the caption feature, and the test split."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from aigc_tf.data.captioned.made_up import shapes
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.errors import InputError
from aigc_tf.recipes.match import Match

PICTURES, CAPTIONS = shapes(16, 16)


def store(folder: Path, feature: Any, captions: Any, tested: int = 0) -> None:
    """A TFDS data set `tiny_captions` of the synthetic pictures, the last of which may be a test split."""
    data = tf.data.Dataset.from_tensor_slices({"image": PICTURES, "captions": captions})
    split = len(PICTURES) - tested
    splits = {"train": data.skip(0).take(split)} | ({"test": data.skip(split).take(tested)} if tested else {})
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_captions",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(16, 16, 3)), "captions": feature}),
        split_datasets=splits,
        data_dir=folder,
    )


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Match:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return dataclasses.replace(Match.tiny(), source="tiny_captions")


def test_captions_as_coco_has_them_and_a_test_split(recipe: Match, tmp_path: Path) -> None:
    both = {"text": [[caption, f"there is a {caption}"] for caption in CAPTIONS]}
    store(tmp_path, tfds.features.Sequence({"text": tfds.features.Text()}), both, tested=50)
    source = open_source(recipe)
    assert source.test_split == "test split of the data set"
    assert sorted(own[0] for own in source.test.captions) == sorted(CAPTIONS[-50:])
    assert all(own[1] == f"there is a {own[0]}" for own in source.train.captions)


def test_one_caption_each_and_combinations_that_are_held_out(recipe: Match, tmp_path: Path) -> None:
    store(tmp_path, tfds.features.Text(), CAPTIONS)
    source, auto = open_source(recipe), open_source(Match.tiny())
    assert {own[0] for own in source.test.captions} == {own[0] for own in auto.test.captions}
    with pytest.raises(InputError, match="leave it out"):
        open_source(dataclasses.replace(recipe, captions="captions.tsv"))


def test_a_set_without_captions_is_refused(recipe: Match, tmp_path: Path) -> None:
    store(tmp_path, tfds.features.ClassLabel(num_classes=400), list(range(len(CAPTIONS))))
    with pytest.raises(InputError, match="has the features captions, image: choose one"):
        open_source(recipe)
