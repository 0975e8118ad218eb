"""Runs from version 0.1 still open, and generate the same examples; they are in `tests/fixtures/v0_1`.

Each was trained for four steps with the tiny recipe at the last commit of that version; `expected` contains four
examples with seed 3.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.reports import chosen_by

RUNS = sorted((Path(__file__).parents[1] / "fixtures" / "v0_1").iterdir())


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name)
def test_opens_and_makes_the_same_examples(path: Path):
    run = aigc_tf.Run.open(path)
    assert run.recipe.slug() == path.name and run.step == 4
    made = run.generate(4, seed=3)
    if (path / "expected.json").exists():
        assert made == json.loads((path / "expected.json").read_text())
    else:
        # Other CPUs sum in another order: the last bits of float32 differ.
        np.testing.assert_allclose(made, np.load(path / "expected.npz")["samples"], rtol=0, atol=1e-6)


def test_the_fixture_has_variables_without_names():
    names = {name for path in RUNS for name in checkpoints.read(checkpoints.path_of(path / "checkpoints", 4))[0]}
    assert len(RUNS) >= 5 and checkpoints.is_positional(names)


def test_the_source_is_the_same_content(tmp_path: Path):
    """The fingerprint covers the whole training part: a validation split does not change it."""
    for name in ("dcgan", "conv_vae", "ar"):
        assert aigc_tf.Run.open(RUNS[0].parent / name).source.count > 0


def test_says_that_its_best_checkpoint_was_chosen_on_test_data():
    run = aigc_tf.Run.open(RUNS[0].parent / "conv_vae", "best")
    chosen = chosen_by(run.read_json(paths.SOURCE), run.recipe)
    assert chosen == {"best checkpoint chosen by": "held_out_loss on the test part (version 0.1)"}


def test_goes_on_with_another_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    shutil.copytree(RUNS[0].parent / "ar", tmp_path / "run")
    recipe = recipe_classes()["ar"].from_fields(json.loads((tmp_path / "run" / "recipe.json").read_text())["fields"])
    longer = aigc_tf.train(type(recipe)(**{**vars(recipe), "steps": 6}), tmp_path / "run", resume=True)
    assert longer.step == 6
    assert "was chosen on test data" in capsys.readouterr().err
    assert "validation part" in chosen_by(longer.read_json(paths.SOURCE), longer.recipe)["best checkpoint chosen by"]
    assert longer.progress.best is not None and longer.progress.best["step"] > 4
    names = checkpoints.read(checkpoints.path_of(tmp_path / "run" / "checkpoints", 6))[0]
    assert not checkpoints.is_positional(names)
