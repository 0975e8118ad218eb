"""GAN super-resolution: unchanged without the GAN loss, started from a plain run, and sharper."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

import aigc_tf
from aigc_tf.nn.style_features import perceptual_distance, random_features
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings
from aigc_tf.recipes.upscale import JudgementSettings, Upscale

RANDOM = np.random.default_rng(0)
QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)
PLAIN = dataclasses.replace(Upscale.tiny(), steps=3, logging=QUIET)
GAME = dataclasses.replace(PLAIN, adversarial=True)


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    return aigc_tf.train(PLAIN, tmp_path_factory.mktemp("plain") / "run")


def test_without_the_game_the_state_is_that_of_earlier_runs(plain_run: aigc_tf.Run):
    """Variable names of existing checkpoints, and recipes from before the GAN loss."""
    names = {name.split("/")[0] + "/" + name.split("/")[1] for name in plain_run.model.state()}
    assert names == {
        "model/network",
        "model/used",
        "model/degradation_seed",
        "optimizer/iteration",
        "optimizer/learning_rate",
        "optimizer/momentums",
        "optimizer/velocities",
    }
    written = json.loads(PLAIN.to_json())["fields"]
    del written["adversarial"], written["judgement"]
    assert Upscale.from_fields(written) == PLAIN


def test_a_game_begins_with_the_weights_of_a_plain_run(
    plain_run: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """It also resumes exactly, with the discriminator's state."""
    recipe = dataclasses.replace(GAME, start_from=str(plain_run.path), steps=2)
    run = aigc_tf.train(recipe, tmp_path / "whole")
    said = capsys.readouterr().err
    assert "started from" in said and "these are newly initialised: model/discriminator/" in said
    again = aigc_tf.Run.open(run.path)
    for name, variable in run.model.state().items():
        np.testing.assert_array_equal(variable.numpy(), again.model.state()[name].numpy(), err_msg=name)
    assert "discriminator_optimizer/momentums/discriminator/scores/kernel" in again.model.state()


def test_the_discriminator_is_not_exported(tmp_path: Path):
    run = aigc_tf.train(GAME, tmp_path / "run")
    exported = run.export(quantize="none", compare_with_keras=False)
    report = json.loads((exported.path.parent / "export.json").read_text())
    assert set(report["signatures"]) == {"restore"} and set(report["signatures"]["restore"]["inputs"]) == {"image"}
    plain = aigc_tf.create(PLAIN).network.count_params()
    assert run.model.network.count_params() == plain
    assert exported.path.stat().st_size < 4 * plain + 20_000 < 4 * run.model.discriminator.count_params() + 20_000


def test_features_reward_what_pixels_punish():
    """A brightened picture is further from the ground truth than a blurred one in pixels, and closer in features."""
    truth = (0.6 * RANDOM.random((1, 32, 32, 1))).astype(np.float32)
    brighter, blurred = truth + 0.3, gaussian_filter(truth, (0, 1, 1, 0))
    look = random_features()
    maps, of_brighter, of_blurred = (look(tf.constant(picture)) for picture in (truth, brighter, blurred))
    assert np.square(truth - blurred).mean() < np.square(truth - brighter).mean()
    assert float(perceptual_distance(of_brighter, maps)[0]) < 0.2 * float(perceptual_distance(of_blurred, maps)[0])
    assert float(perceptual_distance(maps, maps)[0]) == 0


def test_a_game_is_sharper(tmp_path: Path):
    """Single-pixel checkerboards, grey when downscaled: by pixel losses, grey is as good as any guess."""
    rows, columns = np.mgrid[:32, :32]
    checks = np.where(rows % 2 == columns % 2, 230, 25).astype(np.uint8)[..., np.newaxis]
    photos = [checks, checks[:, ::-1]] * 8
    spread = {}
    for adversarial in (False, True):
        recipe = dataclasses.replace(
            PLAIN,
            adversarial=adversarial,
            steps=150,
            average_images=None,
            optimizer=AdamSettings(learning_rate=5e-3, clip_norm=1.0),
            judgement=JudgementSettings(adversarial_weight=0.3, optimizer=AdamSettings(learning_rate=2e-3, beta_1=0.5)),
        )
        run = aigc_tf.train(recipe, tmp_path / str(adversarial), data=photos)
        inputs = run.model.examples(np.stack(photos[:4]).astype(np.float32) / 255, 0)
        made = run.model.called(run.model.used, inputs, training=False)
        spread[adversarial] = float(np.std(made))
    assert spread[True] > 2 * spread[False]
