"""Display of runs in notebooks."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.images import prepare
from aigc_tf.errors import InputError
from aigc_tf.families.create import create
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.runs import card, paths
from aigc_tf.runs.progress import Progress
from aigc_tf.runs.run import Run
from aigc_tf.runs.showing import Lines


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with a preview at steps 3 and 6, and figures."""
    folder = tmp_path / "a <run>"
    (folder / paths.SAMPLES).mkdir(parents=True)
    for step, level in ((3, 50), (6, 200)):
        for name, side in (("interpolation", 10), ("samples", 20)):
            picture = Image.fromarray(np.full((side, side), level, np.uint8))
            picture.save(folder / paths.SAMPLES / f"{name}-{step:08d}.png")
    report = {
        "fid": 12.5,
        "better": {"fid": "lower"},
        "baselines": {"fid": {"<noise>": 99.0}},
        "protocol": {},
        "step": 6,
    }
    (folder / paths.EVALUATION).write_text(json.dumps(report))
    recipe = dataclasses.replace(DCGAN.tiny(), steps=8)
    return Run(folder, recipe, Progress(6), model=create(recipe))


def test_its_repr_says_what_it_is_and_where_it_stands(run: Run):
    assert repr(run) == f"<Run {run.path}: dcgan, step 6 of 8>"


def test_its_html_has_the_latest_samples_and_the_figures_escaped(run: Run):
    html = run._repr_html_()
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    with Image.open(BytesIO(base64.b64decode(data))) as picture:
        assert picture.size == (20, 20) and picture.getpixel((3, 3)) == 200
    assert "<td>fid</td><td>12.5</td><td>lower</td><td>&lt;noise&gt; 99</td>" in html
    assert "a &lt;run&gt;" in html and "<run>" not in html


def test_its_html_of_a_damaged_or_empty_run_says_so(run: Run):
    (run.path / paths.EVALUATION).write_text("{")
    (run.path / paths.SAMPLES / "samples-00000006.png").write_bytes(b"no picture")
    assert run._repr_html_().count("cannot be read") == 2
    for file in (run.path / paths.SAMPLES).iterdir():
        file.unlink()
    (run.path / paths.EVALUATION).unlink()
    assert "img" not in run._repr_html_() and "run.evaluate()" in run._repr_html_()
    with pytest.raises(InputError, match="has no previews yet"):
        run.show()


def test_its_card_has_the_tables_of_the_report_escaped(run: Run):
    report = json.loads((run.path / paths.EVALUATION).read_text())
    assert "By class" not in card._quality(run.path)
    rows = [{"class": "a|b", "share": 0.25}, {"class": "c", "share": None}]
    table = {"by_class": {"caption": "How often?", "rows": rows}}
    (run.path / paths.EVALUATION).write_text(json.dumps(report | {"tables": table}))
    expected = "### By class\n\nHow often?\n\n| class | share |\n| --- | --- |\n| a\\|b | 0.25 |\n| c |  |"
    assert card._quality(run.path).endswith(expected)


@pytest.mark.parametrize(
    "damage", [{"better": ["lower"]}, {"baselines": {"fid": 3}}, {"baselines": {"fid": {"a": "b"}}}]
)
def test_figures_of_another_form_are_refused_in_one_line(run: Run, damage: dict):
    report = json.loads((run.path / paths.EVALUATION).read_text())
    (run.path / paths.EVALUATION).write_text(json.dumps(report | damage))
    assert "its directions or baselines are not tables" in run._repr_html_()


def test_a_preview_that_unfolds_to_more_than_the_memory_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepare, "MAX_PIXELS", 300)
    with pytest.raises(InputError, match=r"samples-00000006.png cannot be read: 20x20 pixels, more than 300"):
        run.show()


def test_shows_the_latest_preview_or_what_it_is_given(run: Run):
    assert run.show().size == (20, 20)
    picture = run.show(np.full((4, 16, 16, 1), 0.5, np.float32))  # a 2x2 grid of enlarged pictures
    assert picture.size == (38 * 6, 38 * 6) and picture.getpixel((100, 100)) == 128
    beside = run.show(np.zeros((1, 16, 16, 1), np.uint8), inputs=np.zeros((1, 16, 16, 1), np.uint8))
    assert beside.width > 2 * beside.height
    with pytest.raises(InputError, match="there are 2 inputs and 1 values: give as many of both"):
        run.show(np.zeros((1, 16, 16, 1), np.uint8), inputs=np.zeros((2, 16, 16, 1), np.uint8))


def test_shows_text_line_by_line(run: Run):
    (run.path / paths.SAMPLES / "samples-00000007.txt").write_text("a < b\nc")
    assert run.show() == "a < b\nc"
    assert Lines("a < b")._repr_html_() == "<pre>a &lt; b</pre>" and "<pre>a &lt; b\nc</pre>" in run._repr_html_()
