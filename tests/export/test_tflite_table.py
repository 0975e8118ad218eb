"""tools/tflite_table.py runs without TensorFlow and matches Keras."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.tables.opening import open_source
from aigc_tf.export import Limits, export
from aigc_tf.recipes.table_gan import TableGAN
from aigc_tf.recipes.table_vae import TableVAE
from tests.export.test_tflite_demo import DEMO
from tests.export.test_tflite_rewrite import called

SCRIPT = DEMO.with_name("tflite_table.py")


@pytest.mark.parametrize("kind", [TableVAE, TableGAN])
def test_rows_are_those_of_the_model(kind: type, tmp_path: Path):
    recipe = kind.tiny()
    model = aigc_tf.create(recipe, **open_source(recipe).assets_for(recipe))
    facts = model.export_metadata()
    file = export(model, tmp_path / "out", metadata=facts, measure=False, limits=Limits(examples=8)).path
    column = model.scheme.columns[model.scheme.categories[0]]
    asked = f"{column.name}={column.names[0]}"
    for condition, arguments in ((None, ()), (asked, ("--where", asked))):
        made = called(SCRIPT, file, "--count", 12, "--seed", 3, *arguments)
        assert made.returncode == 0, made.stderr
        names, *rows = csv.reader(io.StringIO(made.stdout))
        assert tuple(names) == model.scheme.names
        cells = [["" if value is None else str(value) for value in row] for row in model.generate(12, 3, condition)]
        # A number close to the midpoint of two may be rounded either way.
        assert np.mean(np.array(rows) == np.array(cells)) > 0.95
    wrong = called(SCRIPT, file, "--where", "nothing=1")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1


def test_what_is_no_such_file_is_one_line(tmp_path: Path):
    (tmp_path / "bad.tflite").write_bytes(b"no model" * 10)
    for file in (tmp_path / "bad.tflite", tmp_path / "nowhere.tflite"):
        made = called(SCRIPT, file)
        assert made.returncode == 2 and made.stderr.count("\n") == 1
