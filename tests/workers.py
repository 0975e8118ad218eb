"""Training of the processes of test_distribution.py: random numbers do not depend on how a batch is distributed."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from pydantic.dataclasses import dataclass

import aigc_tf
from aigc_tf import recipes
from aigc_tf.cli.command import friendly_exit
from aigc_tf.engine.distribution import Strategy, join, shared_step
from aigc_tf.errors import InputError
from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.families.gan.model import GAN, with_condition
from aigc_tf.families.gan.semi import SemiGAN
from aigc_tf.families.latent_space import standard_normal
from aigc_tf.families.translation.cyclegan import CycleGAN
from aigc_tf.nn import replicas
from aigc_tf.nn.replay import ReplayBuffer
from aigc_tf.nn.variational import gaussian_kl
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gans import GuardSettings
from aigc_tf.recipes.settings import AdamSettings, CheckpointSettings, LoggingSettings

ROOT = Path(__file__).parent.parent
STEPS = 20
QUIET = LoggingSettings(scalars_every=1, samples_every=10**7, evaluate_every=10**7, evaluate_samples=10)
SELDOM = CheckpointSettings(every=10**6)


class FixedGAN(GAN):
    """Always generates images from the same latents."""

    def fakes(self, batch: Any, condition: Any) -> tf.Tensor:
        latents = tf.constant(standard_normal((self.recipe.batch_size, self.latent_dim), seed=0), tf.float32)
        return self.generator(with_condition(replicas.own_rows(latents), condition), training=True)


class FixedVAE(VAE):
    """Always uses the same noise in training."""

    def bottleneck(self, encoded: Any, noise_seed: int | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        if noise_seed is not None:  # in evaluation, with any batch size
            return super().bottleneck(encoded, noise_seed)
        mean, log_variance = encoded
        noise = tf.constant(standard_normal((self.recipe.batch_size, self.latent_dim), seed=0), tf.float32)
        return self.sample(mean, log_variance, replicas.own_rows(noise)), gaussian_kl(mean, log_variance)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FixedDCGANRecipe(recipes.DCGAN):
    """DCGAN with fixed latents."""

    model: ClassVar[str] = f"{__name__}:FixedGAN"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FixedVAERecipe(recipes.VAE):
    """VAE with fixed noise."""

    model: ClassVar[str] = f"{__name__}:FixedVAE"


def fixed_recipes(pictures: str) -> dict[str, Recipe]:
    """A DCGAN with batch norm and gradient clipping, and a VAE with free bits and a moving average."""
    common: dict[str, Any] = {"source": pictures, "steps": STEPS, "logging": QUIET, "checkpoints": SELDOM}
    clipped = AdamSettings(learning_rate=8e-4, beta_1=0.5, clip_norm=0.05)
    gan = dataclasses.replace(FixedDCGANRecipe.tiny(), dropout=0.0, generator_optimizer=clipped, **common)
    return {"gan": gan, "vae": dataclasses.replace(FixedVAERecipe.tiny(), free_bits=0.05, **common)}


class FixedSemiGAN(FixedGAN, SemiGAN):
    """The same, with a discriminator that also classifies."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FixedSemiGANRecipe(recipes.SemiGAN):
    """A semi-supervised GAN with fixed latents."""

    model: ClassVar[str] = f"{__name__}:FixedSemiGAN"


def labelled_recipe() -> Recipe:
    """A GAN with feature matching: the mean of discriminator features over the whole batch."""
    recipe = FixedSemiGANRecipe.tiny()
    return dataclasses.replace(recipe, dropout=0.0, steps=STEPS, logging=QUIET, checkpoints=SELDOM)


def carried_recipe() -> Recipe:
    """A recurrent model that carries its state from batch to batch."""
    return dataclasses.replace(CharRNN.tiny(), dropout=0.0, steps=6, logging=QUIET, checkpoints=SELDOM)


class FixedReplay(ReplayBuffer):
    """A buffer as large as a step: returns the examples of this step, through the state of all replicas."""

    def exchange(self, examples: Any) -> list[tf.Tensor]:
        super().exchange(examples)
        return [replicas.own_rows(tf.convert_to_tensor(part)) for part in self.parts]


class FixedCycleGAN(CycleGAN):
    """Its discriminators get the latest generated images."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.replay.__class__ = self.replay_a.__class__ = FixedReplay


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FixedCycleGANRecipe(recipes.CycleGAN):
    """CycleGAN with fixed replay."""

    model: ClassVar[str] = f"{__name__}:FixedCycleGAN"


def photo_recipes() -> dict[str, Recipe]:
    """One recipe per family of photograph models, without random numbers; some with gradient clipping."""
    found = [recipes.Upscale.tiny(), recipes.Pix2Pix.tiny(), recipes.Style.tiny()]
    unpaired = FixedCycleGANRecipe.tiny()
    found.append(dataclasses.replace(unpaired, replayed=unpaired.batch_size))
    return {
        recipe.slug().replace("workers", "cyclegan"): dataclasses.replace(
            recipe, steps=STEPS // 2, average_images=4, logging=QUIET, checkpoints=SELDOM
        )
        for recipe in found
    }


def train_fixed(folder: Path, strategy: Strategy) -> dict[str, aigc_tf.Run]:
    """Runs of `fixed_recipes` in a folder with the pictures."""
    pictures = str(folder / "pictures.npz")
    return {
        name: aigc_tf.train(recipe, folder / strategy / name, strategy=strategy)
        for name, recipe in fixed_recipes(pictures).items()
    }


def losses(run: aigc_tf.Run) -> dict[str, np.ndarray]:
    """Logged values of each step, `[steps]`, without times."""
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "gradient_norm" in line or "generator_loss" in line]
    return {name: np.array([line[name] for line in steps]) for name in steps[0] if "second" not in name}


def guarded_recipe(folder: Path) -> Recipe:
    """A recipe that the guard rolls back to new weights after 5 steps, with lower rates, and stops after 10."""
    logging = LoggingSettings(scalars_every=1, samples_every=10**7, evaluate_every=5, evaluate_samples=10)
    guard = GuardSettings(action="roll_back", least_spread=1.0, rollbacks=1)
    return dataclasses.replace(fixed_recipes(str(folder / "pictures.npz"))["gan"], guard=guard, logging=logging)


def endless_recipe(folder: Path) -> Recipe:
    """A recipe whose training must be stopped from outside."""
    recipe = fixed_recipes(str(folder / "pictures.npz"))["vae"]
    return dataclasses.replace(recipe, steps=10**6, checkpoints=CheckpointSettings(every=5))


def work(folder: Path) -> None:
    """Train, save this worker's final state, record Keras's error, then train until stopped from outside."""
    number = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    (folder / f"process-{number}.txt").write_text(str(os.getpid()))
    of_two_minds(folder, number)
    guarded = aigc_tf.train(guarded_recipe(folder), folder / "multi_worker" / "guarded", strategy="multi_worker")
    for name, run in {**train_fixed(folder, "multi_worker"), "guarded": guarded}.items():
        state = {key: variable.numpy() for key, variable in run.model.state().items()}
        np.savez(folder / f"{name}-{number}.npz", allow_pickle=False, **state)
    (folder / f"fault-{number}.txt").write_text(fault_of_keras())
    aigc_tf.train(endless_recipe(folder), folder / "endless", strategy="multi_worker")


def of_two_minds(folder: Path, number: int) -> None:
    """Try to train with another seed in each process, and record the refusal."""
    recipe = dataclasses.replace(guarded_recipe(folder), seed=number)
    try:
        aigc_tf.train(recipe, folder / "multi_worker" / "of two minds", strategy="multi_worker")
    except InputError as error:
        (folder / f"two-minds-{number}.txt").write_text(str(error))


def work_again(folder: Path) -> None:
    """Resume the endless training."""
    with friendly_exit():
        aigc_tf.train(endless_recipe(folder), folder / "endless", resume=True, strategy="multi_worker")


def fault_of_keras() -> str:
    """Keras's error for a training step with scalar logs on several workers; empty once Keras supports it."""

    class Plain(keras.Model):
        def train_step(self, data: Any) -> dict[str, tf.Tensor]:
            return {"loss": tf.reduce_mean(data)}

    with join("multi_worker").strategy.scope():
        model = Plain()
        model.built = True
        model.compile(optimizer=None)
    try:
        model.fit(tf.data.Dataset.from_tensors(tf.ones((4, 1))).repeat(), steps_per_epoch=1, epochs=1, verbose=0)
    except ValueError as error:
        return str(error)
    return ""


def work_on_two_devices(folder: Path) -> None:
    """Train on two devices of this process: recipes with carried states and photographs, and one that is refused."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    aigc_tf.train(carried_recipe(), folder / "mirrored" / "carried", strategy="mirrored")
    aigc_tf.train(labelled_recipe(), folder / "mirrored" / "labelled", strategy="mirrored")
    for name, recipe in photo_recipes().items():
        aigc_tf.train(recipe, folder / "mirrored" / name, strategy="mirrored")
    odd = dataclasses.replace(carried_recipe(), batch_size=7)
    try:
        aigc_tf.train(odd, folder / "odd", strategy="mirrored")
    except InputError as error:
        (folder / "refused.txt").write_text(str(error))
    (folder / "draws.json").write_text(json.dumps(draws()))


def draws() -> dict[str, list[Any]]:
    """Random numbers of two replicas in two steps, and the state of their stream after each."""
    strategy = join("mirrored").strategy

    class Drawing(keras.Model):
        """Generates a random number in each step."""

        def __init__(self) -> None:
            super().__init__()
            self.seed = keras.random.SeedGenerator(3)

        def train_step(self, batch: Any) -> dict[str, tf.Tensor]:
            numbers = replicas.gathered(keras.random.uniform((1,), seed=self.seed))
            return {"first": numbers[0], "second": numbers[1]}

    with strategy.scope():
        model = Drawing()
    step, found = tf.function(lambda: strategy.run(shared_step(model), args=(0,))), {"numbers": [], "states": []}
    for _ in range(2):
        logs = step()
        found["numbers"] += [float(strategy.experimental_local_results(value)[0]) for value in logs.values()]
        states = strategy.experimental_local_results(model.seed.state.value)
        found["states"] += [state.numpy().tolist() for state in states]
    return found
