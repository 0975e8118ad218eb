"""Starting from the weights of another run, and frozen layers."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.cli.command import train_command
from aigc_tf.errors import InputError
from aigc_tf.export.channels import kept_channels
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.state import random_states
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.gans import GuardSettings
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.vae import VAE
from aigc_tf.runs.starting import may_have_learnt_from
from tests.sources import numbered

V0_1 = Path(__file__).parents[1] / "fixtures" / "v0_1"
NEVER = LoggingSettings(samples_every=1000, evaluate_every=1000, evaluate_samples=20)


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(pictures), steps=2, seed=7, logging=NEVER)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("donor") / "run").path


@pytest.fixture
def recipe(tiny: DCGAN, pictures: Path, donor: Path) -> DCGAN:
    return dataclasses.replace(tiny, source=str(pictures), licence="CC0-1.0", steps=2, start_from=str(donor))


def values(model: GenerativeModel) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in model.state().items()}


class Remember(keras.callbacks.Callback):
    """The model's state before the first step, and after each."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[dict[str, np.ndarray]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.states.append(values(self.model))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.states.append(values(self.model))


def assert_weights_are(found: dict[str, np.ndarray], wanted: GenerativeModel) -> None:
    streams = set(random_states(wanted))
    for name, value in values(wanted).items():
        if name.startswith("model/") and name not in streams:
            np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_it_begins_with_the_weights_of_the_other_run(
    recipe: DCGAN, donor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    seen = Remember()
    aigc_tf.train(recipe, tmp_path / "run", callbacks=[seen])
    given = aigc_tf.Run.open(donor).model
    assert_weights_are(seen.states[0], given)
    assert seen.states[0]["generator_optimizer/iteration"] == 0
    assert not np.array_equal(seen.states[0]["model/latent_seed/state"], values(given)["model/latent_seed/state"])
    said = capsys.readouterr().err
    count = len([name for name in given.state() if name.startswith("model/")]) - len(random_states(given))
    assert f"started from {donor}, step 2: {count} of {count} weights fit" in said
    assert "newly initialised" not in said and "warning" not in said


def test_what_does_not_fit_is_named(recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    aigc_tf.train(dataclasses.replace(recipe, latent_dim=5), tmp_path / "run")
    said = capsys.readouterr().err
    assert "these are newly initialised: model/generator/dense/kernel, model/sampler/dense/kernel\n" in said


def test_a_run_of_which_nothing_fits_is_refused_and_leaves_no_folder(recipe: DCGAN, tmp_path: Path):
    with pytest.raises(InputError, match=r"start_from is .*gpt: none of its weights fits a dcgan"):
        aigc_tf.train(dataclasses.replace(recipe, start_from=str(V0_1 / "gpt")), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_of_version_0_1_can_be_started_from(recipe: DCGAN, tmp_path: Path):
    seen = Remember()
    aigc_tf.train(dataclasses.replace(recipe, start_from=str(V0_1 / "dcgan")), tmp_path / "run", callbacks=[seen])
    assert_weights_are(seen.states[0], aigc_tf.Run.open(V0_1 / "dcgan").model)


def test_a_run_goes_on_without_the_one_that_it_started_from(recipe: DCGAN, donor: Path, tmp_path: Path):
    shutil.copytree(donor, tmp_path / "donor")
    started = dataclasses.replace(recipe, start_from=str(tmp_path / "donor"))
    aigc_tf.train(started, tmp_path / "run")
    shutil.rmtree(tmp_path / "donor")
    assert aigc_tf.train(dataclasses.replace(recipe, steps=3), tmp_path / "run", resume=True).step == 3


def test_frozen_layers_stay_frozen_when_a_run_goes_on(recipe: DCGAN, donor: Path, tmp_path: Path):
    frozen = dataclasses.replace(recipe, freeze=("generator/convolution_*",))
    aigc_tf.train(frozen, tmp_path / "run")
    run = aigc_tf.train(dataclasses.replace(frozen, steps=4), tmp_path / "run", resume=True)
    before, after = values(aigc_tf.Run.open(donor).model), values(run.model)
    kept = [name for name in before if name.startswith("model/generator/convolution_")]
    assert kept and all(np.array_equal(before[name], after[name]) for name in kept)
    assert not np.array_equal(before["model/generator/dense/kernel"], after["model/generator/dense/kernel"])


def test_a_guard_rolls_back_to_the_weights_that_the_run_began_with(
    recipe: DCGAN, donor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """If no checkpoint is the best one yet."""

    class Spoil(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                weights = self.model.generator.trainable_variables[0]
                weights.assign(np.full_like(weights.numpy(), np.nan))

    guard = GuardSettings(action="roll_back", least_spread=0.0)
    seen = Remember()
    aigc_tf.train(dataclasses.replace(recipe, guard=guard), tmp_path / "run", callbacks=[Spoil(), seen])
    assert f"starting again from the weights of {donor}" in capsys.readouterr().err
    assert_weights_are(seen.states[2], aigc_tf.Run.open(donor).model)
    assert not np.array_equal(seen.states[2]["model/latent_seed/state"], seen.states[0]["model/latent_seed/state"])


def test_other_units_than_those_that_were_learnt_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    wave = np.sin(np.arange(300) / 4)
    recipe = dataclasses.replace(AR.tiny(), steps=1, logging=NEVER)
    aigc_tf.train(recipe, tmp_path / "donor", data=wave)
    started = dataclasses.replace(recipe, start_from=str(tmp_path / "donor"))
    for name, data, warned in (("same", wave, False), ("other", 10 * wave, True)):
        capsys.readouterr()
        aigc_tf.train(started, tmp_path / name, data=data)
        assert (f"warning: scaling of {tmp_path / 'donor'} and of this run differ" in capsys.readouterr().err) == warned


@pytest.mark.parametrize("kind", [GPT, CharRNN])
def test_symbols_that_both_texts_have_keep_their_embeddings(
    kind: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Also if both vocabularies have the same size, so that all shapes match."""
    for name, words in (("donor", "abc fed\n"), ("equal", "fab xyz\n"), ("larger", "fab uvwxyz\n")):
        (tmp_path / f"{name}.txt").write_text(words * 400)
    recipe = dataclasses.replace(kind.tiny(), steps=1, logging=NEVER, source=str(tmp_path / "donor.txt"))
    donor = aigc_tf.train(recipe, tmp_path / "donor")
    theirs = donor.assets()["vocabulary"].symbols
    for name in ("equal", "larger"):
        seen = Remember()
        started = dataclasses.replace(recipe, source=str(tmp_path / f"{name}.txt"), start_from=str(donor.path))
        run = aigc_tf.train(started, tmp_path / name, callbacks=[seen])
        vocabulary = run.assets()["vocabulary"]
        fresh = values(aigc_tf.create(recipe, vocabulary=vocabulary))
        said = capsys.readouterr().err
        shared = len(set(vocabulary.symbols) & set(theirs))
        assert f"vocabulary: {shared} of {len(vocabulary)} tokens are known to {donor.path}" in said
        assert "newly initialised:" not in said and "warning: vocabulary" not in said
        numbered = [each for each in fresh if each.endswith(("/embeddings", "logits/kernel", "logits/bias"))]
        numbered = [each for each in numbered if each.startswith("model/")]
        assert len(numbered) == (1 if kind is GPT else 3)
        for each in numbered:
            axis = 1 if each.endswith("kernel") else 0
            found, own, given = (np.moveaxis(of[each], axis, 0) for of in (seen.states[0], fresh, values(donor.model)))
            for number, symbol in enumerate(vocabulary.symbols):
                expected = given[theirs.index(symbol)] if symbol in theirs else own[number]
                np.testing.assert_array_equal(found[number], expected, err_msg=f"{each} {symbol!r}")
        others = [each for each in fresh if each.startswith("model/") and each not in numbered]
        others = [each for each in others if each not in random_states(run.model)]
        assert all(np.array_equal(seen.states[0][each], values(donor.model)[each]) for each in others)


def test_a_narrower_run_keeps_the_strongest_channels(
    recipe: DCGAN, donor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    seen = Remember()
    run = aigc_tf.train(dataclasses.replace(recipe, generator_filters=(8, 4, 4)), tmp_path / "run", callbacks=[seen])
    assert "of wider layers the strongest channels are kept: generator, sampler\n" in capsys.readouterr().err
    given = aigc_tf.Run.open(donor).model
    kept = kept_channels(given.generator, run.model.generator)[1]
    for name in ("gamma", "moving_variance"):
        mine = seen.states[0][f"model/generator/normalisation_0/{name}"]
        np.testing.assert_array_equal(mine, values(given)[f"model/generator/normalisation_0/{name}"][kept.makes])


def test_both_are_flags(monkeypatch: pytest.MonkeyPatch):
    given: list[DCGAN] = []

    def train(recipe: DCGAN, *_: object, **__: object) -> SimpleNamespace:
        given.append(recipe)
        return SimpleNamespace(path="")

    monkeypatch.setattr("aigc_tf.engine.training.train", train)
    donor = str(V0_1 / "dcgan")
    train_command(DCGAN, ["--start-from", donor, "--freeze", "generator/*", "discriminator/logits"])
    assert given[0].start_from == donor and given[0].freeze == ("generator/*", "discriminator/logits")


# Private runs.


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A run without privacy on the pictures."""
    recipe = dataclasses.replace(VAE.tiny(), source=str(pictures), steps=1, logging=NEVER)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("plain") / "run").path


def private(recipe: Any, monkeypatch: pytest.MonkeyPatch, clip_norm: float | None = 1.0) -> DPVAE:
    spent = () if clip_norm is None else ((2, 1.0),)
    promised = Guarantee(180, 32, 1, clip_norm, 2.0, 1e-4, spent)
    monkeypatch.setattr("aigc_tf.privacy.poisson.guarantee", lambda *_: promised)
    return dataclasses.replace(DPVAE.tiny(), steps=2, logging=NEVER, **recipe)


def test_a_private_run_does_not_start_from_what_knows_its_examples(
    plain: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = private({"source": str(pictures), "start_from": str(plain)}, monkeypatch)
    message = f"start_from is {plain}: its weights were trained on the same source, .* would not hold: leave start_from"
    with pytest.raises(InputError, match=message) as error:
        aigc_tf.train(recipe, tmp_path / "run")
    assert "\n" not in str(error.value) and not (tmp_path / "run").exists()


def test_a_private_run_starts_from_other_data_and_one_that_promises_nothing_from_any(
    plain: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with np.load(pictures) as file:
        np.savez(tmp_path / "others.npz", images=255 - file["images"])
    others = {"source": str(tmp_path / "others.npz"), "licence": "CC0-1.0"}
    recipe = private(others | {"start_from": str(plain)}, monkeypatch)
    assert aigc_tf.train(recipe, tmp_path / "other data").step == 2
    assert "warning" not in capsys.readouterr().err
    recipe = private({"source": str(pictures), "start_from": str(plain)}, monkeypatch, clip_norm=None)
    assert aigc_tf.train(recipe, tmp_path / "no promise").step == 2


def write_run(path: Path, name: str, fingerprint: str, start_from: Path | None = None) -> Path:
    path.mkdir()
    recipe = dataclasses.replace(VAE.tiny(), start_from=None if start_from is None else str(start_from))
    (path / "recipe.json").write_text(recipe.to_json())
    (path / "source.json").write_text(f'{{"name": "{name}", "fingerprint": "{fingerprint}"}}')
    return path


def test_what_weights_have_learnt_from_is_followed_to_the_first_run(tmp_path: Path):
    source = numbered(20)
    other = write_run(tmp_path / "other", "another", "another")
    same_content = write_run(tmp_path / "same content", "another", source.fingerprint)
    same_name = write_run(tmp_path / "same name", source.name, "another")
    assert not may_have_learnt_from(source, str(other))
    assert may_have_learnt_from(source, str(same_content)) and may_have_learnt_from(source, str(same_name))
    for first in (same_content, same_name, tmp_path / "not there any more"):
        started = write_run(tmp_path / f"from {first.name}", "another", "another", first)
        assert may_have_learnt_from(source, str(write_run(tmp_path / f"second {first.name}", "x", "x", started)))
    assert not may_have_learnt_from(source, str(write_run(tmp_path / "good", "x", "x", other)))


def test_data_from_python_has_no_name_of_its_own(tmp_path: Path):
    source = numbered(20, name="data given from Python")
    assert not may_have_learnt_from(source, str(write_run(tmp_path / "run", source.name, "another")))


def test_runs_that_name_each_other_end(tmp_path: Path):
    write_run(tmp_path / "a", "x", "x", tmp_path / "b")
    write_run(tmp_path / "b", "x", "x", tmp_path / "a")
    assert may_have_learnt_from(numbered(20), str(tmp_path / "a"))
