"""Damaged and hostile files: read, or refused in one line; the benchmark `fuzz` does it thousands of times."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import aigc_tf
from aigc_tf.data.series.files import read_csv
from aigc_tf.data.series.source import Scaling
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.dcgan import DCGAN
from tools import tflite_demo
from tools.benchmarks import fuzz, specimens
from tools.benchmarks.mutations import damaged, damaged_json


def test_no_damaged_file_leads_to_a_traceback_or_out_of_its_folder():
    report = fuzz.fuzz(cases=60)
    assert report["failures"] == [] and report["escaped"] == []
    for reader, found in report["readers"].items():
        assert found["refused"] > 5, reader


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
VOCABULARY = {"unit": "character", "symbols": ["", "\ufffd", "a", "b"], "start": 0, "end": None}
SCALING = {"names": ["wind"], "mean": [0.5], "deviation": [2.0]}


@pytest.mark.parametrize(("kind", "fields"), [(Vocabulary, VOCABULARY), (Scaling, SCALING)])
@given(data=st.data())
def test_what_is_kept_of_a_source_is_whole_or_refused(
    kind: type[Vocabulary | Scaling], fields: dict[str, object], data: st.DataObject
):
    changed = data.draw(st.dictionaries(st.sampled_from(list(fields)), json_values, max_size=2))
    try:
        asset = kind.from_json(json.dumps(fields | changed))
    except InputError as error:
        assert str(error).startswith(("vocabulary.json is no", "scaling.json is no"))
    else:
        assert kind.from_json(asset.to_json()).to_json() == asset.to_json()
        if isinstance(asset, Vocabulary):
            assert asset.encode("ab?").min() >= 0 and asset.encode("ab?").max() < len(asset)
        else:
            assert np.isfinite(asset.standardise(np.zeros((2, len(asset.names))))).all()


@given(st.lists(st.lists(st.text(max_size=6) | st.floats().map(str), max_size=3), max_size=5), st.sampled_from(",;\t"))
def test_any_table_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], between: str):
    path = tmp_path_factory.getbasetemp() / "table.csv"
    path.write_text("\n".join(between.join(row) for row in rows), encoding="utf-8", errors="replace")
    try:
        table = read_csv(path, ())
    except InputError:
        return
    assert np.isfinite(table.values).all() and table.values.shape[1] == len(table.names) > 0


def test_damage_is_the_same_for_the_same_seed_and_does_damage():
    texts = [damaged_json(DCGAN().to_json(), random.Random(seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    content = bytes(range(200))
    assert sum(damaged(content, random.Random(seed)) != content for seed in range(50)) > 40


def test_a_trap_that_springs_is_noticed(tmp_path: Path):
    with fuzz.trapped(tmp_path) as outside:
        before = fuzz.snapshot(outside)
        __import__("trap")
        assert {path.name for path, _ in fuzz.snapshot(outside) - before} == {fuzz.TRAP}


def test_a_run_imports_no_module_that_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "theirs.py").write_text(
        "from pathlib import Path\n"
        "from aigc_tf.recipes.dcgan import DCGAN\n"
        "Path(__file__).with_name('executed').touch()\n"
        "class Theirs(DCGAN):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    specimens.write_run(tmp_path / "run", DCGAN.tiny(), {})
    written = json.loads((tmp_path / "run" / "recipe.json").read_text())
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(written | {"recipe": "theirs:Theirs"}))
    with pytest.raises(InputError, match="if you trust it, import 'theirs' first, or set AIGC_TF_RECIPES=theirs"):
        aigc_tf.Run.open(tmp_path / "run")
    assert not (tmp_path / "executed").exists()
    monkeypatch.setenv("AIGC_TF_RECIPES", "mine,theirs")
    assert type(aigc_tf.Run.open(tmp_path / "run").recipe).__name__ == "Theirs"
    assert (tmp_path / "executed").exists()
    monkeypatch.delenv("AIGC_TF_RECIPES")
    assert aigc_tf.Run.open(tmp_path / "run").step == 2  # already imported
    monkeypatch.delitem(sys.modules, "theirs")


def test_links_out_of_a_run_folder_are_refused(tmp_path: Path):
    specimens.write_run(tmp_path / "run", DCGAN.tiny(), {})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run" / "inside").symlink_to("checkpoints")
    assert aigc_tf.Run.open(tmp_path / "run").step == 2
    (tmp_path / "run" / "samples" / "mo\nre").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"mo\\nre is a link out of the run folder"):  # one line
        aigc_tf.Run.open(tmp_path / "run")


def test_a_newer_run_says_so(tmp_path: Path):
    specimens.write_run(tmp_path / "run", DCGAN.tiny(), {})
    written = json.loads((tmp_path / "run" / "recipe.json").read_text())
    written["fields"]["invented_later"] = 1
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(written))
    with pytest.raises(InputError, match=r"no field invented_later: .* \(the run was made by aigc_tf 9\.0, this is "):
        aigc_tf.Run.open(tmp_path / "run")


def test_an_exported_file_is_no_run(tmp_path: Path):
    (tmp_path / "model.tflite").write_bytes(b"TFL3")
    with pytest.raises(InputError, match=r"model\.tflite is a file, and a run folder is needed"):
        aigc_tf.Run.open(tmp_path / "model.tflite")


def test_a_run_folder_is_no_exported_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    specimens.write_run(tmp_path / "run", DCGAN.tiny(), {})
    monkeypatch.setattr(sys, "argv", ["tflite_demo", str(tmp_path / "run")])
    assert tflite_demo.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_pictures_in_a_folder_of_any_name_are_trained_on(tmp_path: Path, pictures: Path):
    """A newline, a terminal escape and a table delimiter; only bytes that are not UTF-8 cannot be recorded."""
    folder = tmp_path / "a\nb\x1b[2J | c"
    folder.mkdir()
    for number, image in enumerate(np.load(pictures)["images"][:40]):
        Image.fromarray(image).save(folder / f"{number}.png")
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(folder), steps=1)
    assert aigc_tf.train(recipe, tmp_path / "run").source.name == str(folder)
    recipe = aigc_tf.Run.open(tmp_path / "run").recipe
    assert aigc_tf.train(dataclasses.replace(recipe, steps=2), tmp_path / "run", resume=True).step == 2
    card = (tmp_path / "run" / "README.md").read_text()
    assert r"a\nb\x1b[2J \| c |" in card
    folder = folder.rename(tmp_path / os.fsdecode(b"\xff"))
    with pytest.raises(InputError, match=r"has a name that is not in UTF-8"):
        aigc_tf.train(dataclasses.replace(recipe, source=str(folder)), tmp_path / "other")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"latent_dim": 10**9}, r"dcgan cannot be built this large: OOM when allocating .*\[1000000000,256\]"),
        ({"kernel_size": 10**9}, "cannot be built this large: Shape .* more than"),
        ({"latent_dim": 10**19}, "latent_dim is 10000000000000000000: give at most"),
        ({"generator_filters": (8, 8, 10**10)}, "generator_filters is 10000000000: give at most"),
    ],
)
def test_absurd_sizes_are_refused(fields: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        aigc_tf.create(dataclasses.replace(DCGAN.tiny(), **fields))


def test_too_little_memory_ends_training_in_one_line(tmp_path: Path, pictures: Path):
    class Greedy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    recipe = dataclasses.replace(DCGAN.tiny(), source=str(pictures), steps=3)
    with pytest.raises(InputError, match=r"step 1: it does not fit in memory; .* with a smaller batch_size than 8"):
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Greedy()])


def test_messages_stay_printable():
    assert printable("Wald und Wüste") == "Wald und Wüste"
    assert printable("a\nb\x1b[2J" + os.fsdecode(b"\xff")) == r"a\nb\x1b[2J\udcff"
