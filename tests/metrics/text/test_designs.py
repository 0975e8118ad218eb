"""Generated designs: validity, novelty and other figures against an n-gram; conditioning of molecules."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.text import levels, molecules
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.text.designs import HELD_OUT, NGRAM, LevelSamples, held_out
from aigc_tf.metrics.text.molecules import MoleculeSamples
from aigc_tf.metrics.text.ngram_writer import NGramWriter
from aigc_tf.recipes.levels import Levels
from aigc_tf.recipes.molecules import Molecules, MoleculeSettings

REQUEST = Request(part="test", samples=100)
CONDITIONAL = dataclasses.replace(Molecules.tiny(), molecules=MoleculeSettings(condition="rings", bands=3))


class Copying:
    """Returns given designs."""

    condition = None

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def generate(self, count: int, seed: int, condition: Any, tokens: int) -> list[str]:
        return (self.texts * count)[:count]

    def shown(self, prompt: str) -> str:
        return prompt


def test_an_ngram_writes_what_always_came_next():
    assert NGramWriter(["abcdefg"]).write(3, 100, 0) == ["abcdefg"] * 3
    assert NGramWriter(["abcdefg"]).write(1, 4, 0) == ["abcd"]
    written = NGramWriter(["ab", "ac", "ac", "ac"]).write(400, 10, 0)
    assert 0.6 < written.count("ac") / 400 < 0.9


def test_levels_that_are_copied_are_playable_and_not_novel():
    recipe = Levels.tiny()
    source = levels.open_source(recipe, levels.made_up(60, recipe.levels))
    known = held_out(source.train, source, 20)
    found = LevelSamples().measure(Copying([*known[:4], "S#X"]), source, recipe, REQUEST).figures
    assert found["playable"].value == pytest.approx(0.8) and found["playable"].baselines[HELD_OUT] == 1
    assert found["unique"].value == pytest.approx(4 / 80) and found["novel"].value == 0
    assert found["novel"].baselines[HELD_OUT] == 1 and 0 <= found["playable"].baselines[NGRAM] <= 1


def test_molecules_are_compared_by_their_canonical_spelling():
    recipe = Molecules.tiny()
    source = molecules.open_source(recipe, molecules.made_up(200))
    measured = MoleculeSamples().measure(Copying(["OCC", "CCO", "C(O)C", "C1CC", ""]), source, recipe, REQUEST)
    assert measured.figures["valid"].value == pytest.approx(0.6)
    assert measured.figures["unique"].value == pytest.approx(1 / 60)
    distance = measured.figures["descriptor_distance"]
    assert distance.value > 3 * distance.baselines[HELD_OUT]
    assert measured.pictures["properties"].image.ndim == 3


@pytest.fixture(scope="module")
def opened() -> SimpleNamespace:
    source = molecules.open_source(CONDITIONAL, molecules.made_up(300)).for_recipe(CONDITIONAL)
    return SimpleNamespace(source=source, model=aigc_tf.create(CONDITIONAL, **source.assets_for(CONDITIONAL)))


def test_a_molecule_is_asked_for_by_the_mark_before_it(opened: SimpleNamespace):
    model = opened.model
    drawn = model.generate(4, 1, "rings=1", tokens=12)
    plain = model.written(4, model.stream(4, 1, "②", 12), "②")
    assert drawn == plain and not any(text[:1] in set(molecules.MARKS) for text in drawn)
    mixed = model.generate(4, 1, ["rings=0", "rings=1", "rings=0", "rings=1"], tokens=12)
    assert mixed[1::2] == drawn[1::2]
    assert "".join(model.pieces(1, "rings=1", tokens=12)) == drawn[0]
    assert model.score(["CCO"])[0] == min(model.score([mark + "CCO" for mark in "①②③"]))


def test_conditions_of_held_out_molecules_are_asked_for(opened: SimpleNamespace):
    figures = MoleculeSamples().measure(opened.model, opened.source, CONDITIONAL, REQUEST).figures
    assert 0 <= figures["agreement"].value <= 1

    class Knowing(Copying):
        condition = opened.model.condition

        def shown(self, prompt: str) -> str:
            return opened.model.shown(prompt)

        def generate(self, count: int, seed: int, condition: Any, tokens: int) -> list[str]:
            return [["CC", "C1CC1", "C1CC1C1CC1"][band] for band in condition]

    figures = MoleculeSamples().measure(Knowing([]), opened.source, CONDITIONAL, REQUEST).figures
    assert figures["agreement"].value == figures["valid"].value == 1
    asked = np.bincount(MoleculeSamples().conditions(held_out(opened.source.test, opened.source, 100)))
    by_chance = figures["agreement"].baselines["generated molecules, whatever is requested"]
    assert by_chance == pytest.approx(np.square(asked / asked.sum()).sum(), abs=0.05)
    assert not np.isnan(figures["descriptor_distance"].value)
