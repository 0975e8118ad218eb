"""Post-processing of generated examples: rejected ones are resampled under the same condition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.cli.finishing import ROUNDS, Finishing, Refusals, filter_of_words, seeds
from aigc_tf.errors import InputError
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.modalities.text import Text
from aigc_tf.modalities.watermark import embed
from aigc_tf.recipes.images import ImageSettings


class Numbers:
    """Generates `seed condition` or a number below ten, in batches of two."""

    gives, condition = Text(), Text()
    drawn = 0

    def batches(self, count: int, seed: int, rows: Any) -> Iterator[list[str]]:
        self.drawn += count
        random = np.random.default_rng(seed)
        values = [f"{random.integers(10)} {'' if rows is None else rows[row]}".strip() for row in range(count)]
        yield from (values[start : start + 2] for start in range(0, count, 2))


def below(limit: int) -> Any:
    return lambda values: np.array([int(value.split()[0]) < limit for value in values])


def test_refused_examples_are_drawn_again_under_their_condition(capsys: pytest.CaptureFixture[str]):
    model, rows = Numbers(), [f"row{number}" for number in range(9)]
    finishing = Finishing({"--first": below(3), "--second": below(5)})
    (found,) = finishing.finished(model, model.batches, 9, 7, rows)
    assert [value.split()[1] for value in found] == rows and all(int(value[0]) >= 5 for value in found)
    first = [value for batch in Numbers().batches(9, 7, rows) for value in batch]
    assert all(value == before for value, before in zip(found, first, strict=True) if int(before[0]) >= 5)
    (again,) = finishing.finished(model, Numbers().batches, 9, 7, rows)
    assert again == found
    said = capsys.readouterr().err.splitlines()[0]
    assert f"refused of {model.drawn} generated examples: " in said
    second = int(said.split(", ")[1].split()[0])
    assert model.drawn == 9 + second  # the second filter also refuses what the first refuses
    assert 0 < int(said.split(": ")[-1].split()[0]) < second


def test_drawing_ends_where_everything_is_refused():
    model = Numbers()
    with pytest.raises(InputError, match=f"0 of 3 examples passed in {ROUNDS} rounds .60 by --all.: refuse less"):
        list(Finishing({"--all": below(10)}).finished(model, model.batches, 3, 0, None))
    assert model.drawn == 3 * ROUNDS
    assert len(set(seeds(0)) | set(seeds(1))) == 2 * ROUNDS


def test_without_filters_batches_are_handed_on_and_marked_one_by_one():
    model = Numbers()
    found = Finishing().finished(model, model.batches, 5, 0, None)
    assert len(next(found)) == 2 and len(list(found)) == 2
    pictures = np.random.default_rng(0).random((3, 40, 40, 1)).astype("f")
    drawn = SimpleNamespace(gives=Pictures(ImageSettings()))
    (marked,) = Finishing(key="k").finished(drawn, lambda *_: iter([pictures]), 3, 0, None)
    np.testing.assert_array_equal(marked, embed(pictures, "k"))


def test_words_are_for_what_is_printed(tmp_path: Path):
    path = tmp_path / "words.txt"
    path.write_text("bad")
    assert filter_of_words(Text(), path)(["a bad text", "a good one"]).tolist() == [True, False]
    with pytest.raises(InputError, match="this run generates pictures"):
        filter_of_words(Pictures(ImageSettings()), path)


def test_a_classifier_needs_classes():
    with pytest.raises(InputError, match="give --refuse-classes, too"):
        Refusals(refuse_by=Path("run")).filters(SimpleNamespace())  # type: ignore[arg-type]
    assert Refusals(refuse_classes=("a",)).given() == {"refuse_classes": ("a",)}
