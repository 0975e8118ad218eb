"""Molecules and levels as text: reading, properties, playability."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.text import levels, molecules
from aigc_tf.errors import InputError
from aigc_tf.recipes.levels import Levels, LevelSettings
from aigc_tf.recipes.molecules import Molecules, MoleculeSettings

SETTINGS = LevelSettings()


@pytest.mark.parametrize(
    ("level", "playable"),
    [
        ("####\n#SX#\n####", True),
        ("SoX", True),
        ("S#X", False),  # a wall between
        ("S.X\n###\n.o.", False),  # the coin is behind a wall
        ("S.X\n..", False),  # rows of two lengths
        ("SSX", False),
        ("S..", False),
        ("", False),
        ("S#.\n#X.", False),  # no diagonal moves
    ],
)
def test_a_level_can_be_played_if_all_can_be_walked_to(level: str, playable: bool):
    assert levels.is_playable(level, SETTINGS) is playable


def test_made_up_levels_can_all_be_played_and_differ():
    made = levels.made_up(30, SETTINGS)
    assert all(levels.is_playable(level, SETTINGS) for level in made) and len(set(made)) == 30
    assert made == levels.made_up(30, SETTINGS)


def test_a_file_of_levels_has_empty_lines_between_them(tmp_path: Path):
    made = levels.made_up(40, SETTINGS)
    (tmp_path / "levels.txt").write_text("\n\n\n".join(made) + "\n")
    recipe = dataclasses.replace(Levels.tiny(), source=str(tmp_path / "levels.txt"))
    source = levels.open_source(recipe)
    assert source.training.documents + source.test.documents == 40
    assert source.vocabulary.decode(source.train.document(0)) in made


@pytest.mark.parametrize("opened", [levels.open_source, molecules.open_source])
def test_what_is_no_file_of_designs_gets_one_line(opened, tmp_path: Path):
    recipe = (Levels if opened is levels.open_source else Molecules).tiny()
    (tmp_path / "one.txt").write_text("C\n")
    (tmp_path / "bad.txt").write_bytes(b"\xff\x80\x80")
    (tmp_path / "empty.txt").write_text("")
    for name, message in (
        ("one.txt", "holds 1 designs"),
        ("bad.txt", "UTF-8"),
        ("empty.txt", "empty|holds no"),
        ("none.txt", "exist|no such"),
        ("", "is a folder"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            opened(dataclasses.replace(recipe, source=str(tmp_path / name)))
        assert "\n" not in str(caught.value)
    for data in (["C"], "CC", [1, 2], 3):
        with pytest.raises(InputError, match="data"):
            opened(recipe, data)


def test_rings_and_log_p_are_those_of_known_molecules():
    smiles = ["C", "c1ccccc1", "c1ccc2ccccc2c1", "not a molecule"]
    np.testing.assert_array_equal(molecules.properties(smiles, "rings"), [0, 1, 2, np.nan])
    # Wildman & Crippen's contributions as in RDKit: benzene is six times 0.1581 + 0.1230.
    np.testing.assert_allclose(molecules.properties(["c1ccccc1"], "log_p"), [6 * (0.1581 + 0.123)], atol=1e-6)


def test_bands_are_marked_and_found_again_by_their_names():
    classes, marked = molecules.marked(
        ["C", "c1ccccc1", "?", "c1ccc2ccccc2c1"], MoleculeSettings(condition="rings", bands=2)
    )
    assert classes.names == ("rings=0", "rings>=1")
    assert marked == ["①C", "②c1ccccc1", "②c1ccc2ccccc2c1"]
    for condition in ("rings", "log_p"):
        made = molecules.made_up(300)
        classes, marked = molecules.marked(made, MoleculeSettings(condition=condition))
        bands = molecules.band_of(molecules.properties(made, condition), classes.names)
        assert [molecules.MARKS[band] for band in bands] == [text[0] for text in marked]
        if condition == "log_p":
            assert np.bincount(bands).min() > 300 / 5 * 0.8


def test_a_property_needs_rdkit_and_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "rdkit.rdBase", None)
    recipe = Molecules.tiny()
    assert molecules.open_source(recipe).classes.names == ()
    with pytest.raises(InputError, match=r"rdkit is needed: pip install 'aigc-tf\[molecules\]'"):
        molecules.open_source(dataclasses.replace(recipe, molecules=MoleculeSettings(condition="rings")))
