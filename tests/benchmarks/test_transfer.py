"""The transfer learning benchmark trains on few examples, resumes, and reports the gains."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.vae import VAE
from aigc_tf.references import resolve
from tools.benchmarks import transfer
from tools.benchmarks.few import Few, few
from tools.benchmarks.readings import quiet


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("".join(f"{number} sheep, {number * 7 % 100} goats\n" for number in range(2000)))
    return path


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    with np.load(pictures) as file:
        for index, picture in enumerate(file["images"]):
            Image.fromarray(picture).save(folder / f"{index}.png")
    return folder


@pytest.mark.parametrize("kind", [DCGAN, VAE, Denoise])
def test_few_examples_are_some_of_all_and_more_have_fewer(kind: type, pictures: Path, photographs: Path):
    source = resolve(kind.data)(
        dataclasses.replace(kind.tiny(), source=str(photographs if kind is Denoise else pictures))
    )

    def contents(part: Any) -> set[bytes]:
        return {np.ascontiguousarray(image).tobytes() for image in np.asarray(getattr(part, "images", part))}

    some, more, others = (contents(few(source, *asked).train) for asked in ((20, 0), (50, 0), (20, 1)))
    assert len(some) == 20 and some < more < contents(source.train)
    assert some != others
    assert few(source, 20, 0).test is source.test and few(source, 20, 0).validation is source.validation
    batches = few(source, 20, 0).batches(8, 0)
    assert len(np.unique(np.concatenate([batch["image"] for batch in batches.take(30)]), axis=0)) >= 20
    with pytest.raises(InputError, match=r"examples is 900: .* to train on, give from 1 to so many"):
        few(source, 900, 0)


@pytest.mark.parametrize("lines", [False, True])
def test_few_examples_of_a_text(text: Path, lines: bool):
    recipe = GPT.tiny()
    recipe = dataclasses.replace(
        recipe, source=str(text), text=dataclasses.replace(recipe.text, lines=lines, length=30)
    )
    source = resolve(GPT.data)(recipe)
    some = few(source, 10, 0)
    if lines:
        assert some.count == 10
        assert set(some.texts("train", 10)) <= set(source.texts("train", 10_000))
    else:
        assert some.train.symbols == 10 * recipe.text.length
        whole = " ".join(map(str, source.train.tokens))
        assert " ".join(map(str, some.train.tokens)) in whole
        assert some.train.characters == pytest.approx(some.train.symbols, rel=0.1)
    assert some.vocabulary is source.vocabulary


def test_other_sources_are_refused():
    with pytest.raises(InputError, match="table is not pictures, photographs or text"):
        few(type("Table", (), {"name": "table"})(), 10, 0)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training lasts two steps."""

    def watch(recipe: Any, marks: Any, reader: Any, clock: Any, strategy: Few) -> None:
        source = few(resolve(recipe.data)(recipe), strategy.examples, strategy.seed)
        model = aigc_tf.create(recipe, **source.assets_for(recipe))
        if recipe.start_from is not None:
            transfer.take_over(model, source.assets_for(recipe), aigc_tf.Run.open(recipe.start_from))
        read = reader(model)
        for mark in marks:
            read(mark, 1)

    monkeypatch.setattr(transfer, "watch_recipe", watch)


@pytest.mark.parametrize(
    ("kind", "name", "frozen"),
    [
        (ConvVAE, "frechet_distance", "encoder/*"),
        (CharRNN, "bits_per_character", "*/embedding"),
        (Denoise, "psnr_db_15", "network/halve"),
    ],
)
def test_every_kind_of_model_is_gone_on_with(
    kind: Any,
    name: str,
    frozen: str,
    measured_pictures: Path,
    photographs: Path,
    text: Path,
    tmp_path: Path,
    brief: None,
):
    run = aigc_tf.train(quiet(kind.tiny(), steps=1), tmp_path / "run")
    source = str({CharRNN: text, Denoise: photographs}.get(kind, measured_pictures))
    arguments: Any = (run.path, source, [60], [0], [2.0], [frozen], 40, None, tmp_path / "results.jsonl")
    report = transfer.transfer(*arguments)
    rows = report["rows"]
    assert [row["method"] for row in rows] == [
        transfer.AS_IT_IS,
        transfer.GONE_ON,
        transfer.SCRATCH,
        transfer.FROZEN,
    ]
    assert all(name in reading["figures"] for row in rows for reading in row["readings"])
    as_it_is, gone_on, scratch = (row["readings"][0]["figures"][name] for row in rows[:3])
    assert gone_on == as_it_is != scratch
    assert transfer.transfer(*arguments) == report
    assert "| 60 | 2 | fine-tuned, frozen | 1 | 1 |" in report["table"]


def test_a_gan_is_trained_on_few_pictures_for_the_time(measured_pictures: Path, tmp_path: Path):
    run = aigc_tf.train(quiet(DCGAN.tiny(), steps=1), tmp_path / "run")
    rows = transfer.transfer(
        run.path, str(measured_pictures), [40], [0], [0.05], [], 40, "recall", tmp_path / "results.jsonl"
    )["rows"]
    assert all(row["readings"][0]["steps"] > 1 for row in rows[1:]) and len(rows) == 3
    with pytest.raises(InputError, match="figure is beauty: choose among frechet_distance"):
        transfer.transfer(
            run.path, str(measured_pictures), [40], [0], [0.05], [], 40, "beauty", tmp_path / "results.jsonl"
        )


def test_the_same_source_is_refused(tmp_path: Path):
    run = aigc_tf.train(quiet(DCGAN.tiny(), steps=1), tmp_path / "run")
    with pytest.raises(InputError, match="what the run has learnt from: name another one"):
        transfer.transfer(run.path, "fashion_mnist_10k", [40], [0], [1.0], [], 40, None, tmp_path / "results.jsonl")


def test_gains_are_of_pairs_and_positive_where_a_figure_is_better():
    def row(method: str, seed: int, value: float) -> dict[str, Any]:
        figures = {"psnr_db": value, "loss": -value}
        reading = {"seconds": 9.0, "steps": 10 * seed, "compared": "psnr_db", "figures": figures}
        return {"method": method, "examples": 100, "seed": seed, "readings": [reading | {"better": better}]}

    better = {"psnr_db": "higher", "loss": "lower"}
    rows = [row(transfer.AS_IT_IS, 0, 10)]
    for seed, (mine, theirs) in enumerate([(20, 18), (24, 20)]):
        rows += [row(transfer.GONE_ON, seed, mine), row(transfer.SCRATCH, seed, theirs)]
    lines = transfer.table(rows).splitlines()[2:]
    assert lines[0] == "|  |  | the run as it is |  |  | 10 |  |"
    assert lines[1] == "| 100 | 9 | fine-tuned | 2 | 5 | 22 ± 2 | 3 ± 1 |"
    assert lines[2] == "| 100 | 9 | from scratch | 2 | 5 | 19 ± 1 |  |"
    assert "| -22 ± 2 | 3 ± 1 |" in transfer.table(rows, "loss")
