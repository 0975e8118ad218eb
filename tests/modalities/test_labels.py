"""Classes: by name and number, saved and loaded by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.labels import Labels

LABELS = Labels(ClassNames(("cat", "猫", "dog")))


def test_a_class_is_read_as_it_was_written(tmp_path: Path):
    for number in range(3):
        LABELS.write(tmp_path / "a.txt", np.int32(number), {})
        assert LABELS.read(tmp_path / "a.txt") == number
    LABELS.write_all(tmp_path / "all.txt", np.array([2, 1]), {})
    assert (tmp_path / "all.txt").read_text() == LABELS.show([2, 1]) + "\n" == "dog\n猫\n"


def test_classes_are_listed_parsed_and_spread():
    assert LABELS.kinds == ("cat", "猫", "dog")
    np.testing.assert_array_equal(LABELS.parse(["dog", "0"]), [2, 0])
    np.testing.assert_array_equal(LABELS.spread(5), [0, 1, 2, 0, 1])
    with pytest.raises(InputError, match="there is no class bird"):
        LABELS.parse(["bird"])


@pytest.mark.parametrize(
    ("content", "reason"), [(b"bird\n", "no class bird"), (b"\xff\xfa", "UTF-8"), (b"", "no class")]
)
def test_files_that_name_no_class_are_refused(content: bytes, reason: str, tmp_path: Path):
    (tmp_path / "bad.txt").write_bytes(content)
    (tmp_path / "good.txt").write_text("dog")
    with pytest.raises(UnreadableError, match=reason):
        LABELS.read(tmp_path / "bad.txt")
    ((files, values),) = LABELS.read_all(LABELS.find([tmp_path]), at_once=5)
    assert [str(file.name) for file in files] == ["good.txt"] and list(values) == [2]
