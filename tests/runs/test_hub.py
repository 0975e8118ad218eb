"""The front matter of a card is valid for model hubs, checked with their own library."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

import aigc_tf
from aigc_tf.runs import paths

RUNS = Path(__file__).parents[1] / "fixtures" / "v0_1"


def card_of(name: str, folder: Path, source: str, report: dict[str, object] | None = None) -> ModelCard:
    """The card of a copy of a run with another source name."""
    shutil.copytree(RUNS / name, folder)
    facts = json.loads((folder / paths.SOURCE).read_text())
    (folder / paths.SOURCE).write_text(json.dumps(facts | {"name": source}))
    if report is not None:
        (folder / paths.EVALUATION).write_text(json.dumps(report))
    aigc_tf.Run.open(folder).write_card()
    return ModelCard((folder / paths.CARD).read_text())


def test_a_run_that_is_not_measured_has_tags_and_a_licence(tmp_path: Path):
    data = card_of("gpt", tmp_path / "run", "/home/someone/my poems.txt").data
    assert data.library_name == "aigc_tf" and data.pipeline_tag == "text-generation"
    assert data.license == "other" and data.get("license_link") == "README.md#data"
    assert {"aigc_tf", "keras", "gpt", "draws", "scores"} <= set(data.tags)
    assert not data.eval_results


@pytest.mark.parametrize("source", ["fashion_mnist", '/home/someone/花 \U0001f338: "x" #\x9b1.npz'])
def test_figures_are_results_that_the_hub_reads(source: str, tmp_path: Path):
    report = {
        "frechet_distance": 2.5,
        "recall": float("nan"),
        "better": {"frechet_distance": "lower"},
        "baselines": {},
        "step": 4,
        "protocol": {"part": "test", "samples": 100},
    }
    card = card_of("dcgan", tmp_path / "a run: \U0001f338", source, report)
    (result,) = card.data.eval_results
    assert card.data.model_name == "dcgan a run: \U0001f338" and card.content.startswith("---\n")
    assert (result.metric_type, result.metric_value, result.metric_name) == (
        "frechet_distance",
        2.5,
        "frechet distance",
    )
    assert result.task_type == card.data.pipeline_tag == "unconditional-image-generation"
    assert result.dataset_split == "test" and "someone" not in result.dataset_name
    assert result.dataset_name.startswith(source.rpartition("/")[2][:5])


def test_pictures_of_a_class_have_no_pipeline(tmp_path: Path):
    assert card_of("cgan", tmp_path / "run", "fashion_mnist").data.pipeline_tag is None
