"""Private training: weight updates and reports."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.families.flow.model import FlowModel
from aigc_tf.families.private.gan import PrivateGAN
from aigc_tf.families.private.vae import PrivateVAE
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Passage, clipped_sums
from aigc_tf.privacy.optimizer import PrivateOptimizer
from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.dp_flow import DPFlow
from aigc_tf.recipes.dp_gan import DPGAN
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.gans import GuardSettings
from aigc_tf.recipes.private import Private
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.settings import LoggingSettings

CLIP_NORM = 0.5
NOISELESS = Guarantee(1000, 8, 2, CLIP_NORM, 0.0, 1e-5, ((10, 1.0),))


def images(count: int, seed: int = 0) -> tf.Tensor:
    return 2.0 * tf.random.stateless_uniform((count, 16, 16, 1), (seed, 7)) - 1.0


def values(weights: list[keras.Variable]) -> list[np.ndarray]:
    return [weight.numpy() for weight in weights]


def restore(model: keras.Model, state: list[np.ndarray]) -> None:
    """Restore all variables, including random streams."""
    for variable, value in zip(model.variables, state, strict=True):
        variable.assign(value)


class PlainSteps(keras.optimizers.SGD):
    """Optimizer that subtracts the gradient."""

    def __init__(self) -> None:
        super().__init__(1.0)


def test_the_noise_has_the_promised_deviation_and_is_never_the_same():
    """Without examples, a step is pure noise with deviation noise multiplier * clipping norm / expected batch."""
    layer = layers.Dense(300)
    layer.build((None, 200))
    before = values(layer.weights)
    guarantee = dataclasses.replace(NOISELESS, noise_multiplier=3.0)
    private = PrivateOptimizer(PlainSteps(), guarantee, keras.random.SeedGenerator(0))
    passage = Passage(layer, tf.zeros((0, 200)), tf.zeros((0, 300)))
    steps = []
    for _ in range(2):
        private.apply(*clipped_sums([passage], [passage.outputs], CLIP_NORM), layer.weights)
        steps.append([now - then for now, then in zip(values(layer.weights), before, strict=True)])
        before = values(layer.weights)
    for kernel, bias in steps:
        noise = np.concatenate([kernel.ravel(), bias]) / (3.0 * CLIP_NORM / 8)
        assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.01
        assert abs(np.mean(noise**4) - 3) < 0.1
    assert abs(np.corrcoef(steps[0][0].ravel(), steps[1][0].ravel())[0, 1]) < 0.02


@pytest.fixture
def vae() -> PrivateVAE:
    model = aigc_tf.create(DPVAE.tiny(), guarantee=NOISELESS)
    model.private_optimizer.optimizer = PlainSteps()
    return model


def test_an_enormous_image_moves_a_vae_no_further_than_the_bound(vae: PrivateVAE):
    """The sum is divided by the expected batch of 8, so one image changes the weights by at most CLIP_NORM / 8."""
    before = values(vae.learning)
    batch = tf.concat([images(3), 1000.0 * images(1)], 0)
    logs = vae.train_step(({"image": batch},))
    moved = tf.linalg.global_norm([now - then for now, then in zip(values(vae.learning), before, strict=True)])
    assert 0 < moved <= 4 * CLIP_NORM / 8 * 1.0001
    assert logs["example_gradient_norm"] > 1000 and logs["clipped_share"] == 1


def test_without_privacy_a_vae_moves_along_the_gradient_of_the_mean_loss():
    """The same step as that of the plain VAE with the same networks."""
    recipe = dataclasses.replace(DPVAE.tiny(), annealing_steps=4, average_images=None)
    nothing = Guarantee(1000, 8, 1, None, 0.0, 1e-5, ())
    private = aigc_tf.create(recipe, guarantee=nothing)
    from aigc_tf.families.autoencoder.vae import VAE

    plain = VAE(recipe, keras.models.clone_model(private.encoder), keras.models.clone_model(private.decoder))
    for own, other in ((private.encoder, plain.encoder), (private.decoder, plain.decoder)):
        other.set_weights(own.get_weights())
    for seed in range(3):
        batch = {"image": images(8, seed)}
        logs, expected = private.train_step((batch,)), plain.train_step(batch)
        np.testing.assert_allclose(logs["loss"], expected["loss"], rtol=1e-5)
    for own, other in zip(values(private.learning), values(plain.learning), strict=True):
        np.testing.assert_allclose(own, other, atol=2e-5)


def test_an_enormous_image_moves_a_flow_no_further_than_the_bound():
    """Nor does it change the other examples' inputs: noise and times are sampled independently."""
    model = aigc_tf.create(DPFlow.tiny(), guarantee=NOISELESS)
    model.private_optimizer.optimizer = PlainSteps()
    start, learning = values(model.variables), model.traced.weights
    before = values(learning)
    ends = []
    for real in (images(3), tf.concat([images(3), 1000.0 * images(1)], 0)):
        restore(model, start)
        model.train_step(({"image": real},))
        ends.append(values(learning))
    moved = tf.linalg.global_norm([now - then for now, then in zip(ends[0], before, strict=True)])
    assert 0 < moved <= 3 * CLIP_NORM / 8 * 1.0001
    difference = tf.linalg.global_norm([one - other for one, other in zip(*ends, strict=True)])
    assert 0 < difference <= CLIP_NORM / 8 * 1.001


def test_without_privacy_a_flow_moves_along_the_gradient_of_the_mean_loss():
    """The same step as that of the plain flow with the same noise and times."""
    recipe = dataclasses.replace(DPFlow.tiny(), average_images=None)
    private = aigc_tf.create(recipe, guarantee=Guarantee(1000, 8, 1, None, 0.0, 1e-5, ()))
    plain = FlowModel(recipe, keras.models.clone_model(private.predictor))
    plain.predictor.set_weights(private.predictor.get_weights())
    plain.times = lambda count: type(private).times(plain, count)  # not stratified over the batch
    for seed in range(3):
        batch = {"image": images(8, seed)}
        logs, expected = private.train_step((batch,)), plain.train_step(batch)
        np.testing.assert_allclose(logs["loss"], expected["loss"], rtol=1e-5)
    for own, other in zip(values(private.traced.weights), values(plain.predictor.trainable_variables), strict=True):
        np.testing.assert_allclose(own, other, atol=2e-4)


@pytest.fixture
def gan() -> PrivateGAN:
    return aigc_tf.create(DPGAN.tiny(), guarantee=NOISELESS)


@pytest.mark.parametrize("monster", [-1e3, 1e30])  # the discriminator strongly rejects the first
def test_an_enormous_image_moves_a_discriminator_no_further_than_the_bound(monster: float, gan: PrivateGAN):
    gan.private_optimizer.optimizer = PlainSteps()
    start = values(gan.variables)
    moved = []
    for real in (images(3), tf.concat([images(3), monster * images(1, seed=1)], 0)):
        restore(gan, start)
        logs = gan.learn_from(real)
        assert np.isfinite(list(logs.values())).all()
        moved.append(values(gan.discriminator.trainable_variables))
    difference = tf.linalg.global_norm([a - b for a, b in zip(*moved, strict=True)])
    bound = CLIP_NORM / 8
    if monster == 1e30:
        assert difference < 1e-6  # a gradient that is not finite adds nothing
    else:
        assert 0.9 * bound < difference <= 1.001 * bound


def test_real_images_reach_the_generator_through_the_discriminator_alone(gan: PrivateGAN):
    """If they cannot change the discriminator, they do not affect the generator."""
    start = values(gan.variables)
    ends, before = [], values(gan.generator.variables)
    for seed in range(2):
        restore(gan, start)
        gan.private_optimizer.optimizer = keras.optimizers.SGD(0.0)
        gan.generator_optimizer = PlainSteps()
        gan.train_step(({"image": images(5, seed)}, {"image": images(6 + seed, seed + 2)}))
        ends.append(values(gan.generator.variables))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(np.any(end != begin) for end, begin in zip(ends[0], before, strict=True))


@pytest.mark.parametrize(
    ("recipe", "frozen"),
    [
        (DPVAE.tiny(), "encoder/*"),
        (DPVAE.tiny(), "decoder/*"),
        (DPVAE.tiny(), "encoder/hidden_*"),
        (DPGAN.tiny(), "discriminator/dense_1"),
        (DPGAN.tiny(), "generator/*"),
    ],
)
def test_frozen_layers_stay_and_the_others_learn(recipe: Any, frozen: str):
    model = aigc_tf.create(dataclasses.replace(recipe, freeze=(frozen,)), guarantee=NOISELESS)
    before = {name: variable.numpy() for name, variable in model.state().items()}
    model.train_step(({"image": images(5)}, {"image": images(5, 1)})[: recipe.updates_per_step])
    moved = {name for name, value in model.state().items() if not np.array_equal(value.numpy(), before[name])}
    trained = re.compile(r"model/(encoder|decoder|generator|discriminator)/.*(kernel|bias)$")
    weights = set(filter(trained.match, before))
    kept = set(fnmatch.filter(weights, f"model/{frozen}*"))
    assert kept and not kept & moved and weights - kept <= moved


def test_a_discriminator_that_learns_nothing_is_refused():
    with pytest.raises(InputError, match="freeze leaves the discriminator nothing to learn"):
        aigc_tf.create(dataclasses.replace(DPGAN.tiny(), freeze=("discriminator/*",)), guarantee=NOISELESS)


PRIVATE = {name: kind for name, kind in recipe_classes().items() if issubclass(kind, Private)}


@pytest.mark.parametrize("name", PRIVATE)
def test_every_private_recipe_clips_in_float32(name: str):
    assert PRIVATE[name]().precision == "float32"
    with pytest.raises(ValueError, match=r"precision is 'bfloat16': .* longer than the guarantee allows"):
        PRIVATE[name](precision="bfloat16")


def test_divergence_is_seen(vae: PrivateVAE, gan: PrivateGAN):
    """If no example has a finite gradient, the logged loss is not finite, which stops training."""
    assert not np.isfinite(vae.train_step(({"image": np.nan * images(4)},))["loss"])
    assert not np.isfinite(gan.learn_from(np.nan * images(4))["discriminator_loss"])


def test_a_generator_draws_nothing_that_the_averages_of_its_discriminator_hide():
    """A checkerboard, which 2x2 average pooling turns grey, is removed by smoothing."""
    generator = aigc_tf.create(DPGAN.tiny(), guarantee=NOISELESS).generator
    smoothing = generator.get_layer("smoothing")
    checkers = np.indices((16, 16)).sum(0) % 2 * 2.0 - 1.0
    assert generator.layers[-1] is smoothing
    np.testing.assert_array_equal(smoothing(checkers[None, :, :, None])[0, :-1, :-1], 0.0)


def test_without_privacy_a_discriminator_moves_along_the_gradient_of_its_loss(gan: PrivateGAN):
    gan.private_optimizer.guarantee = dataclasses.replace(NOISELESS, expected_batch=5, clip_norm=None)
    gan.guarantee = gan.private_optimizer.guarantee
    gan.private_optimizer.optimizer = PlainSteps()
    weights, before = gan.discriminator.trainable_variables, values(gan.discriminator.trainable_variables)
    state = values(gan.variables)
    gan.learn_from(images(5))
    moved = [then - now for now, then in zip(values(weights), before, strict=True)]
    restore(gan, state)  # the same latents
    with tf.GradientTape() as tape:
        fake = gan.fakes(tf.constant(gan.recipe.batch_size), ())
        loss = gan.discriminator_loss(gan.discriminator(images(5)), gan.discriminator(fake))
    for found, expected in zip(moved, tape.gradient(loss, [weight.value for weight in weights]), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_batch_normalisation_in_a_private_network_is_refused():
    class Networks(DPGAN):
        networks: ClassVar[dict[str, str]] = {
            "generator": "aigc_tf.families.gan.networks.dcgan:generator",
            "discriminator": "tests.privacy.test_training:normalised",
        }

    with pytest.raises(InputError, match="normalisation in the discriminator is a batch normalisation"):
        aigc_tf.create(Networks.tiny(), guarantee=NOISELESS)


def normalised(recipe: DPGAN) -> keras.Model:
    """A discriminator with batch normalisation."""
    image = keras.Input(recipe.images.shape)
    x = layers.Dense(1)(layers.BatchNormalization(name="normalisation")(layers.Flatten()(image)))
    return keras.Model(image, x, name="discriminator")


@pytest.mark.parametrize(
    ("recipe", "fields", "fault"),
    [
        (DPVAE, {"free_bits": 1.0}, "free_bits is 1.0: it needs whole batches"),
        (DPVAE, {"augmentation": ClassicalAugmentation(flip=True)}, "augmentation is"),
        (DPGAN, {"guard": GuardSettings(action="stop")}, "guard.action is stop: .* choose warn"),
        (DPGAN, {"guard": GuardSettings(action="roll_back")}, "guard.action is roll_back: .* choose warn"),
        (DPGAN, {"stop_after": 3}, "stop_after is 3: .* without privacy; leave it out"),
        (DPGAN, {"stop_at": 3.0}, "stop_at is 3.0: .* without privacy; leave it out"),
    ],
)
def test_what_the_accountant_does_not_know_is_refused(recipe: type, fields: dict, fault: str):
    with pytest.raises(ValueError, match=fault):
        dataclasses.replace(recipe.tiny(), **fields)


def test_what_touches_no_training_example_may_decide():
    """The guard's warning limits and the quality figure on held-out images do not affect the guarantee."""
    assert dataclasses.replace(DPGAN.tiny(), guard=GuardSettings(pinned_steps=7)).guard.action == "warn"
    assert dataclasses.replace(DPVAE.tiny(), stop_after=3).chosen_on == "validation"


def test_a_run_shows_and_keeps_what_it_spends(
    tmp_path: Path, pictures: Path, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(DPVAE, "evaluators", ())
    recipe = dataclasses.replace(
        DPVAE.tiny(),
        source=str(pictures),
        steps=5,
        logging=LoggingSettings(scalars_every=1, samples_every=1000, evaluate_every=1000),
    )
    promised = Guarantee(180, 32, 1, 1.0, 2.0, 1e-4, ((1, 0.5), (3, 1.0), (5, 1.25)))
    monkeypatch.setattr("aigc_tf.privacy.poisson.guarantee", lambda *_: promised)
    run = aigc_tf.train(recipe, tmp_path / "run")
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    spent = [line["epsilon"] for line in lines if "epsilon" in line]
    assert spent == [0.5, 1.0, 1.0, 1.25, 1.25]
    assert "epsilon 1.25" in capfd.readouterr().err
    reopened = aigc_tf.Run.open(run.path)
    assert reopened.model.guarantee == promised
    assert reopened.facts(reopened.step) == {"epsilon": spent[-1], "delta": 1e-4}
    report = reopened.evaluate(samples=20)
    assert (report["epsilon"], report["delta"]) == (spent[-1], 1e-4)
    assert "| ε | 1.25, spent by step 5" in (run.path / "README.md").read_text()
    with pytest.raises(InputError, match="another steps"):
        aigc_tf.train(dataclasses.replace(recipe, steps=6), run.path, resume=True)


@pytest.mark.parametrize("changed", [{"noise_multiplier": 1.5}, {"spent": ((5, 1.0),)}])
def test_a_run_does_not_go_on_with_another_noise(
    changed: dict, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
):
    """Another dp-accounting version may compute other noise, or another ε, than the run and its card record."""
    never = LoggingSettings(samples_every=1000, evaluate_every=1000)
    recipe = dataclasses.replace(DPVAE.tiny(), source=str(pictures), steps=5, logging=never)
    promised = Guarantee(180, 32, 1, 1.0, 2.0, 1e-4, ((5, 1.25),))
    monkeypatch.setattr("aigc_tf.privacy.poisson.guarantee", lambda *_: promised)
    path = aigc_tf.train(recipe, tmp_path / "run").path
    assert aigc_tf.train(recipe, path, resume=True).step == 5
    other = dataclasses.replace(promised, **changed)
    (path / "guarantee.json").write_text(other.to_json())
    message = (
        rf"another noise, or another ε, .*noise multiplier {other.noise_multiplier:g} and 180 examples then, "
        r"2 and 180 now\): install the"
    )
    with pytest.raises(InputError, match=message):
        aigc_tf.train(recipe, path, resume=True)
    assert Guarantee.from_json((path / "guarantee.json").read_text()) == other  # nothing was written
