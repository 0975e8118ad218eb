"""Commands with runs of class-conditional models."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli.explorations import Direction, Exploration, Interpolate, Traverse
from aigc_tf.cli.explore import explore
from aigc_tf.cli.sample import Moved, main, sample
from aigc_tf.errors import InputError
from aigc_tf.families.latent_space import standard_normal
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.dcgan import DCGAN
from tools.tflite_demo import generate, number_of_class, read_metadata


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    path = tmp_path_factory.mktemp("runs") / "conditional"
    return aigc_tf.train(dataclasses.replace(CGAN.tiny(), steps=2), path)


def test_a_run_keeps_the_names_of_its_classes(run: aigc_tf.Run):
    names = json.loads((run.path / "classes.json").read_text())["names"]
    assert names == list(run.source.class_names)
    assert aigc_tf.Run.open(run.path).model.classes.names == tuple(names)


def test_samples_have_a_row_for_each_class(run: aigc_tf.Run, tmp_path: Path):
    sample(run.path, count=40, out=tmp_path / "all.png")
    with Image.open(tmp_path / "all.png") as picture:
        assert picture.size == (4 * (4 * 18 + 2), 4 * (10 * 18 + 2))
    for flag in ("--condition", "--labels"):
        main([str(run.path), flag, "Bag", "1", "--count", "6", "--seed", "5", "--out", str(tmp_path / "two.npy")])
        images = np.load(tmp_path / "two.npy", allow_pickle=False)
        np.testing.assert_array_equal(images, run.generate(6, seed=5, condition=[8, 8, 8, 1, 1, 1]))


@pytest.mark.parametrize(("words", "number"), [((), 0), (("Bag",), 8)])
def test_a_way_through_the_latents_shows_one_class(
    run: aigc_tf.Run, tmp_path: Path, words: tuple[str, ...], number: int
):
    def shown(what: type[Exploration], **options: Any) -> np.ndarray:
        explore(run.path, what(count=9, seed=3, condition=words, out=tmp_path / "a.npy", **options))
        return np.load(tmp_path / "a.npy", allow_pickle=False)

    model = run.model
    ends = model.decode(model.latents(2, seed=3), number)
    np.testing.assert_allclose(shown(Interpolate)[[0, -1]], ends, atol=1e-6)
    middle = model.decode(standard_normal((1, model.latent_dim), seed=3), number)
    np.testing.assert_allclose(shown(Direction, direction=0)[[4]], middle, atol=1e-6)
    sample(run.path, count=3, condition=words, out=tmp_path / "a.gif")


def test_conditions_that_cannot_be_used_are_refused(run: aigc_tf.Run, tmp_path: Path, pictures: Path):
    two, out = ("Bag", "1"), tmp_path / "a.png"
    with pytest.raises(InputError, match="there is no class Bagg: choose one of T-shirt/top, "):
        sample(run.path, condition=("Bagg",), out=out)
    with pytest.raises(InputError, match=r"--condition \(--labels\) names 2: give one"):
        sample(run.path, condition=two, out=tmp_path / "a.gif")
    with pytest.raises(InputError, match=r"--condition \(--labels\) names 2: give one"):
        sample(run.path, condition=two, out=out, moved=Moved(direction=0))
    with pytest.raises(InputError, match="a cgan does not encode inputs"):
        explore(run.path, Traverse(out=out))
    plain = aigc_tf.train(dataclasses.replace(DCGAN.tiny(), source=str(pictures), steps=1), tmp_path / "plain")
    for moved in (Moved(), Moved(interpolate=True)):
        with pytest.raises(InputError, match=r"takes no condition: leave --condition \(--labels\) out"):
            sample(plain.path, condition=("Bag",), out=out, moved=moved)
    assert not out.exists()


def test_a_file_draws_the_class_that_is_asked_for(run: aigc_tf.Run, tmp_path: Path):
    from ai_edge_litert.interpreter import Interpreter

    exported = run.export(quantize="none", batch=3, out=tmp_path / "out", compare_with_keras=False)
    file, metadata = Interpreter(model_path=str(exported.path)), read_metadata(exported.path)
    in_turn = generate(file, "generate", metadata, count=5, seed=4)
    np.testing.assert_allclose(in_turn, run.generate(5, seed=4), atol=1e-5)
    label = number_of_class("Bag", metadata["classes"])
    bags = generate(file, "generate", metadata, count=5, seed=4, label=label)
    np.testing.assert_allclose(bags, run.generate(5, seed=4, condition="Bag"), atol=1e-5)
    for name, known, message in (("Bagg", metadata["classes"], "no class Bagg"), ("Bag", [], "knows no classes")):
        with pytest.raises(ValueError, match=message):
            number_of_class(name, known)
