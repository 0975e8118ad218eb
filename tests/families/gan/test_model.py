"""The GAN's training step is the two-player game, however it is computed."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.gan.losses import discriminator_loss, non_saturating_generator_loss
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.latent_space import spherical
from aigc_tf.families.state import random_states
from aigc_tf.nn.optimizers import FusedAdam
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.gans import R1Settings
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings

PLAYERS = ("generator_optimizer", "discriminator_optimizer")
REAL = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)


@pytest.fixture
def tiny(tiny: DCGAN) -> DCGAN:
    """Without R1, with only the two adversarial losses."""
    return dataclasses.replace(tiny, r1=R1Settings())


def values(model: GAN) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in model.state().items()}


class Recorder:
    """Mock optimizer: records gradients, updates nothing."""

    iterations = 1

    def apply(self, gradients: list[tf.Tensor], weights: list[keras.Variable]) -> None:
        self.gradients = [g.numpy() for g in gradients]


def test_gradients_equal_those_of_two_separate_passes(tiny: DCGAN):
    """One shared forward pass against one pass per player, with the same latents and dropout masks."""
    shared = aigc_tf.create(dataclasses.replace(tiny, average_images=None))
    shared.generator_optimizer, shared.discriminator_optimizer = Recorder(), Recorder()
    shared.train_step({"image": REAL})

    apart = aigc_tf.create(tiny)

    def forward() -> tuple[tf.Tensor, tf.Tensor]:
        # The same random numbers for each player: every seed generator starts from the model's first state.
        fresh = aigc_tf.create(tiny)
        for mine, other in zip(apart.variables, fresh.variables, strict=True):
            mine.assign(other)
        latent = keras.random.normal((len(REAL), tiny.latent_dim), seed=apart.latent_seed)
        fake = apart.generator(latent, training=True)
        return apart.discriminator(REAL, training=True), apart.discriminator(fake, training=True)

    with tf.GradientTape() as tape:
        real_logits, fake_logits = forward()
        loss = discriminator_loss(real_logits, fake_logits)
    for_discriminator = tape.gradient(loss, apart.discriminator.trainable_variables)
    with tf.GradientTape() as tape:
        _, fake_logits = forward()
        loss = non_saturating_generator_loss(fake_logits)
    for_generator = tape.gradient(loss, apart.generator.trainable_variables)

    for found, expected in (
        (shared.discriminator_optimizer.gradients, for_discriminator),
        (shared.generator_optimizer.gradients, for_generator),
    ):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5 * max(1e-3, float(np.abs(b).max())))
            assert np.abs(a).max() > 0


@pytest.mark.parametrize("loss", ["non_saturating", "minimax", "hinge", "wasserstein"])
@pytest.mark.parametrize("shift", [-40.0, 0.0, 40.0])
def test_one_backward_pass_gives_both_players_gradients(tiny: DCGAN, loss: str, shift: float):
    """Even if the discriminator is so confident that its own gradient on generated images is 0."""
    recipe = dataclasses.replace(tiny, average_images=None, loss=loss, gradient_penalty=1.0)
    found, expected = aigc_tf.create(recipe), aigc_tf.create(recipe)
    assert found.shares_backward_pass
    expected.shares_backward_pass = False
    for model in (found, expected):
        model.generator_optimizer, model.discriminator_optimizer = Recorder(), Recorder()
        bias = model.discriminator.get_layer("logits").bias
        bias.assign(bias + shift)
        model.train_step({"image": REAL})
    for role in ("generator_optimizer", "discriminator_optimizer"):
        pairs = list(zip(getattr(found, role).gradients, getattr(expected, role).gradients, strict=True))
        largest = max(float(np.abs(b).max()) for _, b in pairs)
        for a, b in pairs:
            np.testing.assert_allclose(a, b, atol=2e-5 * max(largest, 1e-2))


def test_batch_normalisation_and_replay_keep_the_backward_passes_apart(tiny: DCGAN):
    """There, a logit depends on other images, too."""
    model = aigc_tf.create(tiny)
    image = keras.Input(model.discriminator.input_shape[1:])
    normalised = keras.Model(image, model.discriminator(keras.layers.BatchNormalization()(image)))
    assert model.shares_backward_pass
    assert not GAN(tiny, model.generator, normalised).shares_backward_pass
    replay = dataclasses.replace(tiny.replay, share=0.5)
    assert not aigc_tf.create(dataclasses.replace(tiny, replay=replay)).shares_backward_pass
    assert not aigc_tf.create(dataclasses.replace(tiny, loss="least_squares")).shares_backward_pass


def test_each_player_moves_its_own_weights_and_no_others(tiny: DCGAN):
    for mover, still in (("generator", "discriminator"), ("discriminator", "generator")):
        model = aigc_tf.create(tiny)
        setattr(model, f"{still}_optimizer", Recorder())
        before = {role: [w.numpy() for w in getattr(model, role).trainable_variables] for role in (mover, still)}
        model.train_step({"image": REAL})
        after = {role: [w.numpy() for w in getattr(model, role).trainable_variables] for role in (mover, still)}
        assert all(not np.array_equal(a, b) for a, b in zip(before[mover], after[mover], strict=True))
        assert all(np.array_equal(a, b) for a, b in zip(before[still], after[still], strict=True))


def test_a_step_trains_with_dropout_and_batch_statistics(tiny: DCGAN):
    """Without `training=True` both would be inactive: Keras 3 does not infer it inside a train_step."""
    model = aigc_tf.create(tiny)
    before = values(model)
    model.train_step({"image": REAL})
    changed = {
        name.rpartition("/")[2] for name, value in values(model).items() if not np.array_equal(value, before[name])
    }
    assert {"moving_mean", "moving_variance"} <= changed
    seeds = [v for v in model.discriminator.variables if "seed" in v.name]
    assert len(seeds) == len(tiny.discriminator_filters)
    fresh = [v for v in aigc_tf.create(tiny).discriminator.variables if "seed" in v.name]
    assert all(not np.array_equal(a.numpy(), b.numpy()) for a, b in zip(seeds, fresh, strict=True))


def test_the_step_is_the_same_compiled_and_eager(tiny: DCGAN):
    eager, compiled = aigc_tf.create(tiny), aigc_tf.create(tiny)
    step = tf.function(compiled.train_step)
    for _ in range(3):
        eager_logs, compiled_logs = eager.train_step({"image": tf.constant(REAL)}), step({"image": tf.constant(REAL)})
    for name, value in eager_logs.items():
        assert float(value) == pytest.approx(float(compiled_logs[name]), rel=1e-4), name


def test_fused_adam_is_kerass_adam():
    random = np.random.default_rng(1)
    start = random.normal(size=(5, 3)).astype(np.float32)
    settings = {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9, "global_clipnorm": 1.0}
    variables = []
    for kind in (keras.optimizers.Adam, FusedAdam):
        variable, optimizer = keras.Variable(start), kind(**settings)
        random = np.random.default_rng(2)
        for _ in range(20):
            optimizer.apply([tf.constant(random.normal(size=(5, 3)), tf.float32)], [variable])
        variables.append(variable.numpy())
    np.testing.assert_allclose(variables[1], variables[0], atol=1e-6)
    assert np.abs(variables[0] - start).max() > 0.1


def test_both_rates_fall_with_the_training_steps(tiny: DCGAN):
    """Although the discriminator is updated twice per step."""
    schedule = ScheduleSettings(warmup_steps=0, final_share=0.1)
    recipe = dataclasses.replace(tiny, steps=4, discriminator_steps=2, schedule=schedule)
    model = aigc_tf.create(recipe)
    shares = []
    for _ in range(5):
        shares.append(
            [float(model.optimizers[role].learning_rate) / getattr(recipe, role).learning_rate for role in PLAYERS]
        )
        model.train_step({"image": np.concatenate([REAL, REAL])})
    expected = 0.1 + 0.9 * (1 + np.cos(np.pi * np.arange(5) / 4)) / 2
    np.testing.assert_allclose(shares, np.stack([expected, expected], axis=1), rtol=1e-5)


def test_gradients_are_clipped_by_their_global_norm(tiny: DCGAN):
    """Adam's updates are scale-free, but clipping shows in the first moment: (1 - beta_1) * clipped gradient."""
    clipped = AdamSettings(clip_norm=1e-3, beta_1=0.5)
    model = aigc_tf.create(dataclasses.replace(tiny, generator_optimizer=clipped))
    logs = model.train_step({"image": REAL})
    assert float(logs["generator_gradient_norm"]) > 1e-3  # before clipping
    moments = [v.numpy() for v in model.generator_optimizer.variables if "momentum" in v.path]
    norm = np.sqrt(sum((m**2).sum() for m in moments))
    assert norm == pytest.approx(0.5 * 1e-3, rel=1e-3)


def test_moving_average_follows_its_horizon_in_images(tiny: DCGAN):
    """The average after n steps matches the closed form of its recursion, statistics included."""
    horizon = 20
    model = aigc_tf.create(dataclasses.replace(tiny, average_images=horizon))
    expected = [v.numpy().astype(np.float64) for v in model.sampler.variables]
    for step in range(1, 31):
        model.train_step({"image": REAL})
        keep = np.exp(-8 / min(horizon, 0.1 * 8 * step))
        expected = [keep * e + (1 - keep) * v.numpy() for e, v in zip(expected, model.generator.variables, strict=True)]
    for found, wanted in zip(model.sampler.variables, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted, atol=1e-5)
    assert not np.allclose(model.sampler.variables[0].numpy(), model.generator.variables[0].numpy(), atol=1e-6)


def test_generating_depends_on_its_seed_alone(tiny: DCGAN):
    model = aigc_tf.create(tiny)
    before = values(model)
    first = model.generate(5, seed=3)
    assert first.shape == (5, 16, 16, 1) and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(model.generate(5, seed=3), first)
    assert np.abs(model.generate(5, seed=4) - first).max() > 1e-4
    after = values(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_held_out_losses_change_nothing(tiny: DCGAN):
    model = aigc_tf.create(tiny)
    before = values(model)
    data = tf.data.Dataset.from_tensors({"image": REAL})
    first = model.evaluate(data, verbose=0, return_dict=True)
    assert first == model.evaluate(data, verbose=0, return_dict=True)
    assert first["discriminator_loss"] == pytest.approx(2 * np.log(2), abs=0.1)  # untrained: at chance level
    after = values(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_the_state_has_every_optimizer_and_every_seed(tiny: DCGAN):
    model = aigc_tf.create(tiny)
    names = list(model.state())
    assert len(random_states(model)) == 1 + len(tiny.discriminator_filters)
    for role in ("generator", "discriminator"):
        assert sum(name.startswith(f"{role}_optimizer/") and "momentum" in name for name in names) > 3
        assert any(name.startswith(f"{role}_optimizer/") and "iteration" in name for name in names)


def test_same_seed_same_weights(tiny: DCGAN):
    one, same, other = (values(aigc_tf.create(dataclasses.replace(tiny, seed=seed))) for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert any(not np.array_equal(one[name], other[name]) for name in one if "kernel" in name)


def test_signature_is_generate_with_the_latent_as_input(tiny: DCGAN):
    model = aigc_tf.create(tiny)
    signature = model.signatures()["generate"]
    latents = signature.examples(4, 3)["latent"]
    np.testing.assert_array_equal(latents, model.latents(4, 3))
    np.testing.assert_allclose(signature.network(latents), model.generate(4, seed=3), atol=1e-6)


def test_spherical_interpolation_turns_evenly_between_its_ends():
    start, end = np.array([[2.0, 0, 0]]), np.array([[0, 2.0, 0]])
    np.testing.assert_allclose(spherical(start, end, 0.0), start)
    np.testing.assert_allclose(spherical(start, end, 1.0), end, atol=1e-12)
    third = spherical(start, end, 1 / 3)
    np.testing.assert_allclose(third, [[2 * np.cos(np.pi / 6), 2 * np.sin(np.pi / 6), 0]])
    np.testing.assert_allclose(spherical(start, start, 0.5), start)
