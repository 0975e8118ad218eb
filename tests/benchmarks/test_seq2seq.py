"""Sequence-to-sequence benchmarks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.summary import Summary
from tools.benchmarks import seq2seq_speed
from tools.benchmarks.rewriting import GREEDY, by_file, rewriting, table


def test_a_float_file_writes_what_the_network_writes(tmp_path: Path):
    run = aigc_tf.train(dataclasses.replace(Summary.tiny(), steps=30), tmp_path / "run")
    report = rewriting(run.path, 8, ("none", "dynamic"))
    found = report["figures"]
    same = {name: found["file, none"][name] for name in found["network"]}
    assert same == pytest.approx(found["network"]) and found["file, dynamic"]["bytes"] < found["file, none"]["bytes"]
    assert len(report["examples"]) == 8 and "| rouge_1 |" in table(report)
    sources = [pair.source for pair in run.source.pairs("test", 8)]
    path = run.export(out=tmp_path / "file", measure=False).path
    written = by_file(path, run.model, sources)
    assert written == run.model.write_all(sources, GREEDY) and any(written)


def test_other_runs_are_refused(tmp_path: Path):
    aigc_tf.train(dataclasses.replace(DCGAN.tiny(), steps=1), tmp_path / "run")
    with pytest.raises(InputError, match="is a run of dcgan: give one of summary, translation or dialogue"):
        rewriting(tmp_path / "run", 8, ("none",))


def test_a_file_decodes_as_the_growing_prefix(monkeypatch: pytest.MonkeyPatch):
    sizes = {"symbols": 40, "width": 16, "heads": 2, "depth": 1, "batch": 4, "source": 8, "target": 6}
    monkeypatch.setattr(seq2seq_speed, "SIZES", sizes)
    monkeypatch.setattr(seq2seq_speed, "TOKENS", 6)
    monkeypatch.setattr(seq2seq_speed, "QUANTIZATIONS", ("none",))
    report = seq2seq_speed.decoding(rounds=1)
    assert report["same_text"] and set(report["times_growing_prefix"]) == {"LiteRT none"}
    assert seq2seq_speed.ours(copies=True)(2) > 0
