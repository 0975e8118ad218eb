"""Published files contain no local paths."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.runs.published import published


def test_exports_and_the_card_name_the_source_without_its_folder(pictures: Path, tmp_path: Path):
    source = tmp_path / "of nobody's business" / "discs.npz"
    source.parent.mkdir()
    source.write_bytes(pictures.read_bytes())
    run = aigc_tf.train(dataclasses.replace(DCGAN.tiny(), source=str(source), steps=2), tmp_path / "run")
    run.evaluate(60)
    there = run.export(quantize="dynamic", compare_with_keras=False).report
    source.rename(source.with_name("elsewhere.npz"))
    gone = aigc_tf.Run.open(run.path).export(quantize="dynamic", compare_with_keras=False, out=run.path / "exports/b")

    fingerprint = json.loads((run.path / "source.json").read_text())["fingerprint"]
    for metadata in (there["metadata"], gone.report["metadata"]):
        assert metadata["data"] == "discs.npz" and metadata["fingerprint of the data"] == fingerprint
    assert gone.report["quality"]["not_measured"].startswith("source discs.npz does not exist")
    card = run.path / "README.md"
    assert "| name | discs.npz |" in card.read_text() and fingerprint in card.read_text()
    assert 'Run.open("run")' in card.read_text()
    files = [card, *(path for path in (run.path / "exports").rglob("*") if path.is_file())]
    assert len(files) > 5
    for file in files:
        assert str(tmp_path).encode() not in file.read_bytes(), file
    assert aigc_tf.Run.open(run.path).recipe.source == str(source)  # the run itself keeps it


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trained on /data/a|b, and on /data/a|b/c.png.", "trained on a|b, and on a|b/c.png."),
        (r"| source | /data/a\|b |", r"| source | a\|b |"),
        ("/data/a|bc, /data/a|b.npz and /else/data/a|b are others", None),
        ("/runs/one/samples.png", "one/samples.png"),
        ("/home/zaphod/.cache/weights.npz, /home/zaphodia", "~/.cache/weights.npz, /home/zaphodia"),
        (["/data/a|b", {"run": "/runs/one", "steps": 3}], ["a|b", {"run": "one", "steps": 3}]),
    ],
)
def test_paths_become_their_last_parts(text: object, expected: object, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aigc_tf.runs.published.read_object", lambda path: {"name": "/data/a|b"})
    monkeypatch.setenv("HOME", "/home/zaphod")
    assert published(text, Path("/runs/one"), DCGAN(source="/data/a|b")) == (text if expected is None else expected)
