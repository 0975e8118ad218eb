"""The example in docs/PRIVACY.md trains a private model."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.private import PrivacySettings
from aigc_tf.recipes.settings import LoggingSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "PRIVACY.md"
NOISELESS = Guarantee(1000, 32, 1, 0.5, 0.0, 1e-5, ((10, 1.0),))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "private_conv_vae.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "private_conv_vae", raising=False)
    recipes = importlib.import_module("private_conv_vae")
    tiny = {field.name: getattr(ConvVAE.tiny(), field.name) for field in dataclasses.fields(ConvVAE)}
    return recipes.DPConvVAE(**tiny | {"batch_size": 32, "steps": 3})


@pytest.mark.parametrize("monster", [10.0, 1000.0, np.nan])  # the last two have non-finite gradients
def test_a_monstrous_image_moves_it_no_further_than_the_bound(monster: float, recipe):
    model = aigc_tf.create(recipe, guarantee=NOISELESS)
    model.private_optimizer.optimizer = keras.optimizers.SGD(1.0)
    before = [weight.numpy() for weight in model.variables]
    images = tf.random.stateless_uniform((8, 16, 16, 1), (0, 0), -1.0, 1.0)
    ends = []
    for batch in (images[:7], tf.concat([images[:7], monster * images[7:]], 0)):
        for variable, value in zip(model.variables, before, strict=True):
            variable.assign(value)
        logs = model.train_step(({"image": batch},))
        assert np.isfinite(list(logs.values())).all()  # and does not stop training
        ends.append([weight.numpy() for weight in model.learning])
    moved = tf.linalg.global_norm([one - other for one, other in zip(*ends, strict=True)])
    assert moved <= NOISELESS.clip_norm / NOISELESS.expected_batch * 1.001
    assert (moved > 0) == (monster == 10.0)  # a non-finite gradient contributes nothing


def test_its_run_says_what_was_spent_and_is_opened_again(recipe, tmp_path: Path, pictures: Path):
    often = LoggingSettings(scalars_every=1, samples_every=1000, evaluate_every=1000)
    private = dataclasses.replace(
        recipe, source=str(pictures), logging=often, privacy=PrivacySettings(epsilon=8.0, delta=1e-4)
    )
    run = aigc_tf.train(private, tmp_path / "run")
    assert "| ε |" in (run.path / "README.md").read_text()
    reopened = aigc_tf.Run.open(run.path)
    np.testing.assert_array_equal(reopened.generate(4, seed=1), run.generate(4, seed=1))
