"""Rating data sets from TFDS, with the features of movielens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from aigc_tf.data.ratings.opening import open_source
from aigc_tf.errors import InputError
from aigc_tf.recipes.mult_vae import MultVAE


def store(folder: Path, columns: dict[str, Any], **features: Any) -> None:
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_ratings",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": tf.data.Dataset.from_tensor_slices(columns)},
        data_dir=folder,
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return tmp_path


def test_a_set_with_the_features_of_movielens_is_read(folder: Path):
    users, items = (part.ravel() for part in np.meshgrid(np.arange(30), np.arange(12), indexing="ij"))
    columns = {
        "user_id": [f"u{user}" for user in users],
        "movie_id": [f"m{item}" for item in items],
        "movie_title": [f"Film {item} (1990)" for item in items],
        "user_rating": np.where((users + items) % 3, 5.0, 2.0).astype(np.float32),
        "timestamp": np.arange(len(users)),
    }
    text, number = tfds.features.Text(), tf.float32
    store(folder, columns, user_id=text, movie_id=text, movie_title=text, user_rating=number, timestamp=tf.int64)
    source = open_source(MultVAE(source="tiny_ratings"))
    assert len(source.train) + len(source.test) == 30 - len(source.validation or ())
    assert set(source.items.titles) == {f"Film {item} (1990)" for item in range(12)}
    assert source.train.liked.sum() == pytest.approx(8 * len(source.train))
    assert "user user_id, item movie_id, rating user_rating, time timestamp" in " ".join(source.notes)


def test_another_set_is_refused(folder: Path):
    store(folder, {"text": ["a", "b"]}, text=tfds.features.Text())
    with pytest.raises(InputError, match="TFDS data set tiny_ratings has no feature user_id"):
        open_source(MultVAE(source="tiny_ratings"))
