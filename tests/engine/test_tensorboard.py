"""A run in TensorBoard: one name, hyperparameters, and an optional trace."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from pydantic.dataclasses import dataclass
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata

import aigc_tf
from aigc_tf.engine.training import chosen_differently
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.upscale import Upscale
from tests.runs.test_recovery import Brightness


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WithoutDefault(DCGAN):
    """A user-defined recipe."""

    teacher: str


def test_what_was_chosen_differently_is_what_is_not_the_default() -> None:
    assert chosen_differently(DCGAN(seed=3)) == {"seed": 3}
    all_fields = chosen_differently(WithoutDefault(teacher="a"))
    assert all_fields["teacher"] == "a" and all_fields["batch_size"] == DCGAN().batch_size


@pytest.fixture
def run(tiny: DCGAN, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> aigc_tf.Run:
    monkeypatch.setattr(DCGAN, "chooses", f"{Brightness.__module__}:{Brightness.__qualname__}")
    logging = LoggingSettings(scalars_every=1, samples_every=20, evaluate_every=20, evaluate_samples=20, profile=True)
    recipe = dataclasses.replace(tiny, source=str(pictures), steps=22, logging=logging)
    return aigc_tf.train(recipe, tmp_path / "dcgan" / "one")


def test_a_run_has_one_name_and_says_what_was_chosen_differently(run: aigc_tf.Run):
    assert {path.parent for path in run.path.rglob("*tfevents*")} == {run.path / "tensorboard"}
    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    assert [event.step for event in events.Tensors("samples")] == [20, 22]
    assert [event.step for event in events.Tensors("training/generator_loss")] == list(range(1, 23))
    content = events.summary_metadata[metadata.SESSION_START_INFO_TAG].plugin_data.content
    chosen = metadata.parse_session_start_info_plugin_data(content)
    assert chosen.group_name  # of the trial
    differing = {name for name, value in dataclasses.asdict(run.recipe).items() if value != getattr(DCGAN(), name)}
    assert {"recipe", "steps", "images.height", "generator_filters"} <= chosen.hparams.keys()
    assert {name.partition(".")[0] for name in chosen.hparams} - {"recipe"} <= differing | set(run.recipe.parts())
    assert not any(name.startswith(("logging", "checkpoints", "export_limits")) for name in chosen.hparams)
    assert "learning_rate" not in str(chosen.hparams.keys()), "it is the default's"
    (trace,) = (run.path / "tensorboard" / "plugins" / "profile").rglob("*.xplane.pb")
    assert trace.stat().st_size > 10_000


def test_pictures_are_watched_at_full_size_and_beside_the_baseline(tmp_path: Path):
    logging = LoggingSettings(samples_every=4, evaluate_every=2, evaluate_samples=4)
    recipe = dataclasses.replace(Upscale.tiny(), steps=4, batch_size=2, logging=logging)
    random = np.random.default_rng(0)
    photos = [random.integers(0, 256, (40, 601 + index, 1), np.uint8) for index in range(8)]
    run = aigc_tf.train(recipe, tmp_path / "run", data=photos)
    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    found = {name: [event.step for event in events.Tensors(name)] for name in events.Tags()["tensors"]}
    lines = {f"curves/{figure}/{line}" for figure in ("psnr_db", "ssim") for line in ("model", "bicubic")}
    assert {name for name in found if name.startswith("curves/")} == lines
    assert all(found[name] == [0, 2, 4] for name in lines)
    (layout,) = events.Tensors("custom_scalars__config__")
    (category,) = layout_pb2.Layout.FromString(layout.tensor_proto.string_val[0]).category
    assert [[line for line in sorted(lines) if re.match(chart.multiline.tag[0], line)] for chart in category.chart] == [
        ["curves/psnr_db/bicubic", "curves/psnr_db/model"],
        ["curves/ssim/bicubic", "curves/ssim/model"],
    ]
    width, height, _ = events.Tensors("input_output_truth_error_1")[-1].tensor_proto.string_val
    assert (int(width), int(height)) == (4 * (512 + 2) + 2, 40 + 4)
    logged = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert sum("psnr_db/bicubic" in line for line in logged) == 3
