"""Best-of-n sampling under each condition, and upscaling."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli.finishing import Finishing
from aigc_tf.cli.improving import Best, Enlarging, Improvements, rating_of, sureness
from aigc_tf.cli.options import run_command
from aigc_tf.cli.provenance import mark_of
from aigc_tf.cli.provenance import provenance as look
from aigc_tf.cli.sample import sample
from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.modalities.labels import Labels
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.music import Composing, Music
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.upscale import Upscale
from tests.cli.test_finishing import Numbers, below

RARELY = LoggingSettings(samples_every=1000, evaluate_every=1000)


def number(values: Any, rows: Any = None) -> np.ndarray:
    assert rows is None or [value.split()[1] for value in values] == list(rows)
    return np.array([int(value.split()[0]) for value in values])


@pytest.fixture(scope="module")
def gan_run(tmp_path_factory: pytest.TempPathFactory, measured_pictures: Path) -> aigc_tf.Run:
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(measured_pictures), steps=1, logging=RARELY)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "gan")


@pytest.fixture(scope="module")
def upscale_run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    recipe = dataclasses.replace(Upscale.tiny(), steps=1, logging=RARELY)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "upscale")


def test_the_best_of_several_is_kept_under_each_condition():
    model, rows = Numbers(), [f"row{index}" for index in range(5)]
    draw = Best(3, number, "its number").drawing(model, model.batches)
    kept = [value for batch in draw(5, 7, rows) for value in batch]
    drawn = [value for batch in model.batches(15, 7, [row for row in rows for _ in range(3)]) for value in batch]
    assert [value.split()[1] for value in kept] == rows and model.drawn == 30
    assert kept == [max(drawn[start : start + 3], key=lambda value: int(value[0])) for start in range(0, 15, 3)]
    once = Best(1, number, "its number").drawing(model, model.batches)
    assert [*once(5, 7, rows)] == [*model.batches(5, 7, rows)]


def test_what_is_refused_is_drawn_again_as_often():
    model = Numbers()
    finishing = Finishing({"--below": below(8)}, best=Best(4, number, "its number"))
    (found,) = finishing.finished(model, model.batches, 6, 1, None)
    assert min(number(found)) >= 8 and model.drawn % 4 == 0 and model.drawn > 24
    assert finishing.on_the_way() == {"best of": "4, by its number", "filtered": ["--below"]}


def test_a_gan_rates_with_its_own_discriminator():
    gan = aigc_tf.create(DCGAN.tiny())
    pictures = gan.generate(6, seed=3)
    rating, judge = rating_of(SimpleNamespace(able=lambda task: gan, model=gan), None)  # type: ignore[arg-type]
    expected = gan.discriminator.predict(2 * pictures - 1, verbose=0)[:, 0]
    assert judge == "own discriminator"
    np.testing.assert_allclose(rating(pictures, None), expected, rtol=1e-5)
    with pytest.raises(InputError, match="is not trained on pictures"):
        unlabelled = SimpleNamespace(able=lambda task: gan, model=gan, source=SimpleNamespace(), recipe=Upscale.tiny())
        rating_of(unlabelled, Path("classifier"))  # type: ignore[arg-type]
    draw = Best(4, rating, judge).drawing(gan, gan.generate_batches)
    (kept,) = draw(3, 5, None)
    drawn = gan.generate(12, seed=5)
    best = rating(drawn, None).reshape(3, 4).argmax(axis=1)
    np.testing.assert_array_equal(kept, drawn.reshape(3, 4, *drawn.shape[1:])[range(3), best])


def test_a_conditional_discriminator_is_told_the_class():
    gan = aigc_tf.create(CGAN.tiny(), classes=ClassNames(("a", "b", "c")))
    pictures, classes = gan.generate(4, condition=1), np.array([0, 1, 2, 1], np.int32)
    expected = gan.discriminator.predict([2 * pictures - 1, classes], verbose=0)[:, 0]
    np.testing.assert_allclose(gan.realness(pictures, classes), expected, rtol=1e-5)
    assert np.ptp(gan.realness(pictures[:1].repeat(3, axis=0), np.arange(3))) > 0


def test_a_classifier_rates_by_the_class_that_was_asked_for():
    found = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    told = (lambda values: found, ClassNames(("shoe", "bag", "coat")))
    model = SimpleNamespace(condition=Labels(ClassNames(("coat", "shoe"))))
    assert sureness(model, *told)(found, np.array([0, 1])).tolist() == [0.1, 0.1]
    assert sureness(model, *told)(found, None).tolist() == [0.7, 0.6]
    assert sureness(SimpleNamespace(condition=Text()), *told)(found, ["a", "b"]).tolist() == [0.7, 0.6]


def test_the_command_keeps_the_best_and_says_so(gan_run: aigc_tf.Run, tmp_path: Path):
    out = tmp_path / "best.png"
    run_command(sample, "sample_options", [str(gan_run.path), "--best-of", "3", "--count", "4", "--out", str(out)])
    assert '"best of": "3, by own discriminator"' in mark_of(out)["drawn with"]
    with pytest.raises(InputError, match="was not generated from a seed alone"):
        look(out, verify=gan_run.path)
    (array,) = (tmp_path / "by.npy",)
    sample(gan_run.path, improvements=Improvements(best_of=3, best_by=gan_run.path), count=4, out=array)
    drawn = gan_run.model.generate(12)
    chosen = gan_run.model.realness(drawn).reshape(4, 3).argmax(axis=1)
    np.testing.assert_allclose(np.load(array), drawn.reshape(4, 3, *drawn.shape[1:])[range(4), chosen], atol=1e-6)


def test_a_model_with_a_rule_of_its_own_keeps_it():
    options: dict[str, Any] = {}
    own = {field.name for field in dataclasses.fields(Music.sample_options)}
    assert Improvements(best_of=5).without(options, own).best_of is None and options == {"best_of": 5}
    assert Composing(**options).arguments()["best_of"] == 5
    with pytest.raises(InputError, match="its own criterion"):
        Improvements(best_of=5, best_by=Path("run")).without(options, own)
    assert Improvements(best_of=5).without({}, set()).best_of == 5


def test_pictures_are_enlarged_by_a_run(vae_run: aigc_tf.Run, upscale_run: aigc_tf.Run, tmp_path: Path):
    sample(vae_run.path, improvements=Improvements(upscale=upscale_run.path), count=3, out=tmp_path / "large.npy")
    drawn = vae_run.model.generate(3)
    np.testing.assert_allclose(np.load(tmp_path / "large.npy"), upscale_run.model.transform(drawn), atol=1e-6)
    sample(vae_run.path, improvements=Improvements(upscale=upscale_run.path), count=2, out=tmp_path / "large")
    (first, _) = sorted((tmp_path / "large").glob("*.png"))
    with Image.open(first) as picture:
        assert picture.size == (32, 32)
    assert f'"upscaled": "{upscale_run.path.name}, weights ' in mark_of(first)["drawn with"]


def test_what_does_not_go_together_is_refused(vae_run: aigc_tf.Run, gan_run: aigc_tf.Run, upscale_run: aigc_tf.Run):
    with pytest.raises(InputError, match="give --best-of N, too"):
        sample(vae_run.path, improvements=Improvements(best_by=gan_run.path))
    with pytest.raises(InputError, match="--best-of is 0"):
        sample(vae_run.path, improvements=Improvements(best_of=0))
    with pytest.raises(InputError, match="has no labels of several classes"):
        rating_of(vae_run, None)
    with pytest.raises(InputError, match=r"--best-by .* is not a classifier"):
        rating_of(vae_run, upscale_run.path)
    with pytest.raises(InputError, match="is a run of vae: name a run of upscale"):
        Enlarging.by(vae_run.path, gan_run.model.gives)
    with pytest.raises(InputError, match="--upscale is for pictures"):
        Enlarging.by(upscale_run.path, Text())
    rating, judge = rating_of(vae_run, gan_run.path)  # same image size
    assert judge.startswith("discriminator of") and rating(vae_run.model.generate(2), None).shape == (2,)
