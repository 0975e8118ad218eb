"""The cost of training is summed over all calls, and shown on the card."""

from __future__ import annotations

import dataclasses
import re
import time
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.runs.cost import Meter, in_words
from aigc_tf.runs.progress import Progress


def counter(folder: Path, name: str, microjoules: int, largest: int = 999_999) -> Path:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "energy_uj").write_text(f"{microjoules}\n")
    (folder / name / "max_energy_range_uj").write_text(f"{largest}\n")
    return folder / name / "energy_uj"


def test_energy_of_all_packages_beyond_the_end_of_a_counter(tmp_path: Path):
    first, second = counter(tmp_path, "intel-rapl:0", 900_000), counter(tmp_path, "intel-rapl:1", 100)
    counter(tmp_path, "intel-rapl:0:0", 0).write_text("a part of the first")
    meter = Meter(tmp_path)
    assert meter.joules() == 0
    first.write_text("100000")
    second.write_text("500100")
    assert meter.joules() == pytest.approx(0.2 + 0.5)
    first.write_text("150000")
    assert meter.joules() == pytest.approx(0.75)


def test_without_counters_there_is_no_energy(tmp_path: Path):
    counter(tmp_path, "intel-rapl:0", 5)
    (tmp_path / "intel-rapl:0" / "max_energy_range_uj").unlink()
    assert Meter(tmp_path).joules() == Meter(tmp_path / "nowhere").joules() == 0


def test_processor_time_is_of_work_not_of_waiting():
    meter = Meter()
    time.sleep(0.2)
    assert meter.processor_seconds() < 0.1
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    assert 0.2 <= meter.processor_seconds() < 0.4


def test_the_sentence_says_what_is_estimated():
    assert in_words(Progress(3, seconds=2)) == ""
    estimated = in_words(Progress(3, seconds=1800, processor_seconds=3600))
    assert "1,800 s of training and 3,600 s of processor time" in estimated
    assert "10 Wh of energy (an estimate: 10 W" in estimated
    counted = in_words(Progress(3, 1800, processor_seconds=3600, joules=9000))
    assert "2.5 Wh of energy (by the processors' energy counters" in counted


def test_a_card_has_the_cost_of_all_calls(tmp_path: Path):
    recipe = dataclasses.replace(DCGAN.tiny(), steps=2)
    before = aigc_tf.train(recipe, tmp_path / "run").progress.processor_seconds
    assert before > 0
    run = aigc_tf.train(dataclasses.replace(recipe, steps=3), tmp_path / "run", resume=True)
    assert run.progress.processor_seconds > before
    card = (run.path / "README.md").read_text()
    found = re.search(r"It took ([\d,]+) s of training and ([\d,]+) s of processor time", card)
    assert found and int(found[2].replace(",", "")) == round(run.progress.processor_seconds)
