"""References to code by name; errors in the code itself are passed on unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc_tf.references import resolve


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the module path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_name_becomes_what_it_names() -> None:
    assert resolve("pathlib:Path") is Path


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no_such_module_here:x", "there is no module no_such_module_here; is it on PYTHONPATH"),
        ("pathlib:no_such_attribute", "the module has no no_such_attribute"),
    ],
)
def test_a_name_of_nothing_is_said_to_be_one(reference: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resolve(reference)


def test_a_fault_inside_the_module_is_not_taken_for_a_missing_attribute(written: Path) -> None:
    (written / "faulty_inside.py").write_text("import math\nvalue = math.no_such_function\n")
    with pytest.raises(AttributeError, match="no_such_function"):
        resolve("faulty_inside:value")


def test_a_module_that_lacks_another_of_a_similar_name_is_not_missing_itself(written: Path) -> None:
    """The missing module's name is a prefix of its own."""
    (written / "similar_names.py").write_text("import similar\n")
    with pytest.raises(ModuleNotFoundError, match="similar"):
        resolve("similar_names:value")
