"""Semi-supervised batches: unlabelled pictures, and labelled ones from a few labels."""

from __future__ import annotations

import dataclasses

import numpy as np

from aigc_tf.data.images.few_labels import FewLabelsSource, open_source
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.semi_vae import SemiVAE
from tests.sources import numbered, numbers_in


def few(count: int, used: np.ndarray) -> FewLabelsSource:
    source = numbered(count, labelled=True)
    fields = {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    return FewLabelsSource(**fields, used=used)


def batches(source: FewLabelsSource, count: int, first_step: int = 0) -> list[dict[str, np.ndarray]]:
    return [*source.batches(4, seed=3, first_step=first_step).take(count).as_numpy_iterator()]


def test_only_labels_that_are_used_come_with_their_pictures() -> None:
    used = np.array([3, 7, 11, 20, 25, 26])
    found = batches(few(50, used), 30)
    known = np.concatenate([numbers_in(batch["known_image"]) for batch in found])
    np.testing.assert_array_equal(np.concatenate([batch["label"] for batch in found]), known % 3)
    assert np.bincount(known)[used].tolist() == [20] * 6  # equally often, epoch by epoch
    everything = np.concatenate([numbers_in(batch["image"]) for batch in found])
    assert set(everything) == set(range(50)) and set(found[0]) == {"image", "known_image", "label"}


def test_a_resumed_run_reads_on_where_it_stopped() -> None:
    source = few(50, np.array([3, 7, 11]))
    for found, wanted in zip(batches(source, 3, first_step=5), batches(source, 8)[5:], strict=True):
        for name in found:
            np.testing.assert_array_equal(found[name], wanted[name])


def test_the_recipe_says_how_many_labels_are_used() -> None:
    source = open_source(dataclasses.replace(SemiVAE.tiny(), labelled=LabelSettings(per_class=4)))
    assert np.bincount(source.train.labels[source.used]).tolist() == [4] * 10
    assert any("40 of 9,000" in note or "40 of" in note for note in source.notes)
    assert source.describe()["training images whose label is used"] == 40
    assert source.validation is not None
