"""Federated training: averages of the clients' local updates; runs that resume exactly."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.cli.federate import main
from aigc_tf.engine.federation import Federated, Restarted, Rounds
from aigc_tf.engine.training import open_source
from aigc_tf.errors import InputError
from aigc_tf.families.create import create
from aigc_tf.nn.optimizers import adam
from aigc_tf.privacy.federated.sharing import client_batches, dealt_out
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.federated import ClientPrivacySettings, FederationSettings
from aigc_tf.recipes.settings import AdamSettings, CheckpointSettings, LoggingSettings
from aigc_tf.recipes.vae import VAE
from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.terms import read_terms

LOOKS = LoggingSettings(scalars_every=3, samples_every=100, evaluate_every=6, evaluate_samples=20)
RECIPE = dataclasses.replace(VAE.tiny(), steps=12, logging=LOOKS, checkpoints=CheckpointSettings(every=3))


def examples(count: int = 120) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (count, 16, 16), np.uint8), random.integers(0, 3, count)


def clients(**fields: Any) -> Federated:
    return Federated(settings=FederationSettings(**{"clients": 3, "rounds": 4, **fields}))


def arrays_of(run: aigc_tf.Run) -> dict[str, np.ndarray]:
    return checkpoints.read(checkpoints.path_of(run.path / paths.CHECKPOINTS, run.step))[0]


def test_a_round_is_the_mean_of_what_each_client_learns_by_itself():
    recipe = dataclasses.replace(Autoencoder.tiny(), steps=4)
    strategy = clients(clients=2, rounds=2)
    source = strategy.agreed(open_source(recipe, examples()), recipe)
    server = create(recipe, **source.assets_for(recipe))
    rounds = Rounds(server, source, recipe)
    rounds(iter([tf.constant(0)]))
    found = rounds.state.weights()

    learnt, sizes = [], []
    for client, own in enumerate(dealt_out(source, strategy.settings, recipe.seed)):
        alone = create(recipe, **source.assets_for(recipe))
        seed = int(np.random.SeedSequence((recipe.seed, client)).generate_state(1)[0])
        for batch in client_batches(source, own, recipe.batch_size, seed).take(2):
            alone.train_step(batch)
        learnt.append(np.concatenate([weight.numpy().ravel() for weight in alone.trainable_variables]))
        sizes.append(len(own))
    trained = np.concatenate([weight.numpy().ravel() for weight in server.trainable_variables])
    np.testing.assert_allclose(trained, np.average(learnt, axis=0, weights=sizes), atol=1e-5)
    assert len(found) >= len(trained) and not np.allclose(learnt[0], learnt[1], atol=1e-3)


def test_a_run_goes_on_exactly_after_a_crash(tmp_path: Path):
    class Crash(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                raise RuntimeError("crash")

    strategy = clients(by_class=1.0, proximal=0.1, secure=True, drop=0.2)
    whole = aigc_tf.train(RECIPE, tmp_path / "whole", data=examples(), strategy=strategy)
    with pytest.raises(RuntimeError, match="crash"):
        aigc_tf.train(RECIPE, tmp_path / "run", data=examples(), strategy=strategy, callbacks=[Crash()])
    run = aigc_tf.train(RECIPE, tmp_path / "run", data=examples(), strategy=strategy, resume=True)
    before, after = arrays_of(whole), arrays_of(run)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert (run.path / paths.METRICS).read_text().count("sent_megabytes") == 4


def test_it_is_a_run_as_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = aigc_tf.train(RECIPE, tmp_path / "run", data=examples(), strategy=clients())
    assert "3 clients with" in capsys.readouterr().err
    opened = aigc_tf.Run.open(run.path)
    assert opened.generate(4).shape == (4, 16, 16, 1)
    card = (run.path / paths.CARD).read_text()
    assert "## Trained together" in card and "4 of 3 steps at each client" in card
    for kind in (None, clients(clients=2), clients(drop=0.5)):
        arguments = {} if kind is None else {"strategy": kind}
        with pytest.raises(InputError, match="trained by"):
            aigc_tf.train(RECIPE, run.path, data=examples(), resume=True, **arguments)
    more = dataclasses.replace(RECIPE, steps=18)
    further = aigc_tf.train(more, run.path, data=examples(), resume=True, strategy=clients(rounds=6))
    assert further.step == 18


def test_a_run_of_one_place_is_not_gone_on_with_by_clients(tmp_path: Path):
    run = aigc_tf.train(RECIPE, tmp_path / "run", data=examples())
    with pytest.raises(InputError, match="was not trained by several clients"):
        aigc_tf.train(RECIPE, run.path, data=examples(), resume=True, strategy=clients())


def test_privacy_of_clients_is_counted_by_rounds(tmp_path: Path):
    privacy = ClientPrivacySettings(epsilon=4.0, delta=1e-2)
    run = aigc_tf.train(RECIPE, tmp_path / "run", data=examples(), strategy=clients(clients=20, privacy=privacy))
    assert 0 < run.facts(3)["epsilon"] < run.facts(12)["epsilon"] <= 4.0
    assert '"epsilon"' in (run.path / paths.METRICS).read_text()


def test_a_falling_rate_goes_on_falling_though_optimizers_begin_anew():
    weight = keras.Variable([1.0])
    optimizer = adam(AdamSettings(learning_rate=1.0), [weight], lambda made: 1 / (1 + tf.cast(made, tf.float32)))
    restarted = Restarted(optimizer)
    for round_number in range(3):
        for _client in range(2):
            restarted.begin()
            assert float(optimizer._get_current_learning_rate()) == pytest.approx(1 / (1 + 4 * round_number))
            assert all((moment.numpy() == 0).all() for moment in optimizer.variables[2:])
            for _step in range(4):
                optimizer.apply([tf.constant([1.0])], [weight])
        restarted.end()
    assert int(optimizer.iterations) == 12


@pytest.mark.parametrize(
    ("recipe", "strategy", "message"),
    [
        (RECIPE, clients(rounds=5), "steps is 12: give a multiple of the 5 rounds"),
        (DPVAE.tiny(), clients(), "train its plain recipe, with --privacy.epsilon for each client"),
        (dataclasses.replace(RECIPE, logging=LoggingSettings(profile=True)), clients(), "logging.profile"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(recipe: Any, strategy: Federated, message: str):
    with pytest.raises(InputError, match=message):
        strategy.planned(recipe)


def test_text_that_is_read_on_from_batch_to_batch_is_not_dealt_out():
    recipe = CharRNN.tiny()
    with pytest.raises(InputError, match="consecutive reads on from batch to batch"):
        clients().agreed(open_source(recipe, "some words\n" * 400), recipe)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--clients", "3"], "what do the clients train?"),
        (["--clients", "1", "--", "vae"], "clients is 1"),
        (["--", "python", "-m", "trainers.vea"], "there is no recipe vea: did you mean vae?"),
        (["--", "vae", "--strategy", "mirrored"], "--strategy is mirrored: clients are simulated on one device"),
    ],
)
def test_wrong_words_are_said_to_be(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2 and message in capsys.readouterr().err


def test_the_command_trains(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    flags = ["--source", str(pictures), "--steps", "4", "--images.height", "16", "--images.width", "16"]
    main(
        [
            "--clients",
            "2",
            "--rounds",
            "2",
            "--",
            "python",
            "-m",
            "trainers.vae",
            *flags,
            "--run-dir",
            str(tmp_path / "r"),
        ]
    )
    run = aigc_tf.Run.open(capsys.readouterr().out.strip())
    assert run.step == 4 and "federation" in read_terms(run.path)
