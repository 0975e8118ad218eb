"""A learnt prior: invertible couplings that fit a distribution and leave the VAE unchanged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

import aigc_tf
from aigc_tf.export.runner import Runner
from aigc_tf.export.writer import export
from aigc_tf.families.autoencoder.learnt_prior import Couplings
from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.autoencoders import PriorSettings
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.settings import AdamSettings
from tools.tflite_demo import generate, read_metadata

SETTINGS = PriorSettings(couplings=3, units=8, optimizer=AdamSettings(learning_rate=5e-3))
IMAGES = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype("float32")


def shaken(size: int, settings: PriorSettings = SETTINGS) -> Couplings:
    """Couplings with random weights: initially they only permute dimensions."""
    flow, random = Couplings(size, settings, seed=0), np.random.default_rng(1)
    for weight in flow.weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return flow


def learnt(steps: int = 3) -> VAE:
    model = aigc_tf.create(dataclasses.replace(ConvVAE.tiny(), prior=SETTINGS))
    for _ in range(steps):
        model.train_step({"image": IMAGES})
    return model


@pytest.mark.parametrize("size", [2, 5])
def test_couplings_are_inverse_and_their_determinant_is_the_jacobians(size: int):
    flow = shaken(size)
    latents = tf.constant(np.random.default_rng(2).normal(size=(6, size)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(latents)
        normal, log_determinant = flow(latents)
    assert np.abs(normal - latents).max() > 0.1
    np.testing.assert_allclose(flow.inverse(normal), latents, atol=1e-4)
    jacobians = tape.batch_jacobian(normal, latents).numpy().astype("float64")
    np.testing.assert_allclose(log_determinant, np.linalg.slogdet(jacobians)[1], atol=1e-4)


def test_it_begins_as_the_standard_normal_prior():
    points = np.random.default_rng(5).normal(size=(6, 3)).astype("float32")
    expected = -norm.logpdf(points).sum(axis=1)
    np.testing.assert_allclose(Couplings(3, SETTINGS, seed=0).nats(points), expected, rtol=1e-5)


def test_couplings_learn_two_clusters():
    random = np.random.default_rng(3)
    points = (random.choice([-1.5, 1.5], (2000, 1)) + random.normal(0, 0.3, (2000, 2))).astype("float32")
    flow = Couplings(2, PriorSettings(couplings=4, units=32), seed=0)
    optimizer = adam(AdamSettings(learning_rate=5e-3), flow.trainable_variables)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(flow.nats(points))
        optimizer.apply(tape.gradient(loss, flow.trainable_variables), flow.trainable_variables)

    for _ in range(300):
        step()
    drawn = flow.inverse(random.standard_normal((2000, 2)).astype("float32")).numpy()
    near = np.abs(np.abs(drawn) - 1.5).max(axis=1) < 1
    assert np.mean(near & (drawn[:, 0] * drawn[:, 1] > 0)) > 0.9  # 0.5 for a normal distribution with these moments
    assert 0.4 < np.mean(drawn[:, 0] > 0) < 0.6


def test_it_changes_nothing_of_the_vae():
    """Weights, losses and random streams equal those of a run without it bit by bit; that has no further state."""
    plain, with_prior = aigc_tf.create(ConvVAE.tiny()), learnt(steps=0)
    for _ in range(2):
        logs, others = plain.train_step({"image": IMAGES}), with_prior.train_step({"image": IMAGES})
        assert {name: float(value) for name, value in logs.items()} == {name: float(others[name]) for name in logs}
    state, other = plain.state(), with_prior.state()
    assert all(np.array_equal(variable.numpy(), other[name].numpy()) for name, variable in state.items())
    further = {name.split("/")[0] + "/" + name.split("/")[1] for name in other.keys() - state.keys()}
    assert {"model/flow", "model/used_flow", "prior_optimizer/momentums"} <= further
    assert all("flow" in name or name.startswith("prior_optimizer") for name in other.keys() - state.keys())


def test_an_evaluation_compares_it_with_the_standard_normal_prior(pictures: Path, tmp_path: Path):
    """The baseline is exactly the result of the same run without a learnt prior."""
    recipe = dataclasses.replace(ConvVAE.tiny(), source=str(pictures), steps=3)
    plain = aigc_tf.train(recipe, tmp_path / "plain").evaluate(samples=20)
    found = aigc_tf.train(recipe, tmp_path / "learnt", prior=SETTINGS).evaluate(samples=20)
    assert found["baselines"]["frechet_distance"]["standard normal latents"] == plain["frechet_distance"]
    assert found["frechet_distance"] != plain["frechet_distance"]
    assert "standard normal latents" not in plain["baselines"]["frechet_distance"]


def test_the_average_of_the_couplings_draws():
    model = learnt()
    assert any(np.abs(weight.numpy()).max() > 0 for weight in model.used_flow.weights if "shift" in weight.path)
    assert any(
        not np.array_equal(average.numpy(), current.numpy())
        for average, current in zip(model.used_flow.weights, model.flow.weights, strict=True)
    )
    normal = np.random.default_rng(4).standard_normal((5, 4), dtype=np.float32)
    np.testing.assert_allclose(model.latents(5, 4), model.used_flow.inverse(normal), atol=1e-5)
    np.testing.assert_array_equal(model.from_normal(normal.reshape(1, 5, 4))[0], model.from_normal(normal))
    mean, deviation = model.latent_moments()
    drawn = model.latents(4000, 9)
    np.testing.assert_allclose(mean, drawn.mean(0), atol=0.15)
    np.testing.assert_allclose(deviation, drawn.std(0), rtol=0.15)


def test_a_file_draws_with_it_what_the_run_draws(tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    model = learnt()
    found = export(model, tmp_path / "out", measure=False, metadata=model.export_metadata())
    assert {"generate", "decode"} <= set(Runner(found.path).names)
    file, metadata = Interpreter(model_path=str(found.path)), read_metadata(found.path)
    assert "prior" not in metadata
    np.testing.assert_allclose(generate(file, "generate", metadata, 5, seed=4), model.generate(5, seed=4), atol=1e-5)
    assert [panel.signature for panel in model.page()] == ["reconstruct", "generate"]


def test_where_it_is_not_possible_is_said():
    with pytest.raises(ValueError, match=r"latent_dim is 1: prior\.couplings need at least 2"):
        ConvVAE(latent_dim=1, prior=SETTINGS)
    with pytest.raises(ValueError, match=r"prior is .*couplings would learn from latents without noise"):
        DPVAE(prior=SETTINGS)
