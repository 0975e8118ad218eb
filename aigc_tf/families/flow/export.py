"""Export of flows: the unrolled sampler from noise to a picture, and a single network evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.families.base import Examples, Signature, TensorSpec
from aigc_tf.families.flow.following import Ask, following, velocities
from aigc_tf.families.flow.paths import NEAREST, between, image_of_velocity
from aigc_tf.families.pages import Panel
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.flows import FlowSolving

if TYPE_CHECKING:
    from aigc_tf.families.flow.model import FlowModel

PICTURE = "height, width, channels; brightness in [0, 1]"
PREDICTED = "height, width, channels; the predicted clean picture, brightness in [-1, 1], not clipped"
NOISY = "(1 - time) times standard normal numbers, plus time times brightness in [-1, 1]"


@keras.saving.register_keras_serializable(package="aigc_tf")
class Everywhere(layers.Layer):
    """A constant, repeated for each example of a batch.

    Args:
        value: the number.
        dtype: of it.
    """

    def __init__(self, value: float, number: str = "float32", **options: Any) -> None:
        super().__init__(**options)
        self.value, self.number = value, number

    def call(self, x: Any) -> Any:
        """`[batch, ...]` -> `[batch]`."""
        return ops.full((ops.shape(x)[0],), self.value, dtype=self.number)

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape[:1], self.number)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "value": self.value, "number": self.number}


@keras.saving.register_keras_serializable(package="aigc_tf")
class ToImage(layers.Layer):
    """A velocity, a noisy image and its time `[batch]` -> the predicted image."""

    def call(self, velocity: Any, noisy: Any, time: Any) -> Any:
        left = ops.maximum(1.0 - time, NEAREST)
        return image_of_velocity(velocity, noisy, ops.reshape(left, (-1, 1, 1, 1)))

    def compute_output_spec(self, velocity: Any, noisy: Any, time: Any) -> Any:
        return velocity


@dataclasses.dataclass(frozen=True)
class FlowFile:
    """A flow as it is exported."""

    noisy_meaning: ClassVar[str] = NOISY
    predicted_meaning: ClassVar[str] = PREDICTED

    model: FlowModel
    solving: FlowSolving
    """Solver options of the signature `generate`."""

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate` and `predict`."""
        latent = TensorSpec((self.model.latent_dim,), "independent standard normal numbers")
        told, further = self.model.told_specs(), self.model.further_specs()
        inputs = {"noisy": TensorSpec(self.model.state_shape, self.noisy_meaning), "time": TensorSpec((), "in [0, 1]")}
        generate = Signature(
            self.generator(),
            {"latent": latent} | told,
            {"image": TensorSpec(self.model.recipe.images.shape, PICTURE)},
            self.drawn,
            passes=self.solving.evaluations,
        )
        predict = Signature(
            self.predictor(),
            inputs | further,
            {"predicted": TensorSpec(self.model.state_shape, self.predicted_meaning)},
            self.noisy_examples(source),
        )
        return {"generate": generate, "predict": predict}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates step by step: the page runs the sampler itself, with `predict`."""
        del source
        facts = {"steps": self.solving.evaluations, "shift": self.solving.time_shift}
        return [Panel("flow", "predict", facts | self.model.page_facts(self.solving))]

    def export_metadata(self) -> dict[str, Any]:
        """The solver settings of `generate`, and the model's own facts."""
        return {"sampling": dataclasses.asdict(self.solving)} | self.model.file_facts()

    def generator(self) -> keras.Model:
        """Latent and conditions -> picture in [0, 1], with all evaluations unrolled."""
        model = self.model
        latent = keras.Input((model.latent_dim,), name="latent")
        told = inputs_for(model.told_specs())
        noise = layers.Reshape(model.state_shape, name="noise")(latent)
        condition = told[0] if told else None
        ask = model.guided(self.asking(condition), self.solving)
        velocity = velocities(ask, condition, model.recipe.prediction)
        *_, state = following(velocity, noise, self.solving)
        return keras.Model([latent, *told] if told else latent, self.picture(state), name="generate")

    def picture(self, state: Any) -> Any:
        """Convert a final state to a picture in [0, 1]."""
        return ops.clip(0.5 * state + 0.5, 0.0, 1.0)

    def asking(self, condition: Any) -> Ask:
        """A function from noisy images, tensors at a common time, to predictions; `condition` is optional."""
        del condition

        def ask(noisy: Any, time: float, told: Any) -> Any:
            def everywhere(value: float, dtype: str = "float32") -> Any:
                return Everywhere(value, dtype)(noisy)

            return self.network([noisy, everywhere(time), *self.model.further(told, everywhere)])

        return ask

    @property
    def network(self) -> keras.Model:
        """The network that is evaluated at each step."""
        return self.model.used

    def predictor(self) -> keras.Model:
        """Noisy image, time, and conditions -> predicted image, whatever the network predicts."""
        model = self.model
        told = inputs_for(model.further_specs())
        noisy, time = keras.Input(model.state_shape, name="noisy"), keras.Input((), name="time")
        predicted = self.network([noisy, time, *told])
        if model.recipe.prediction == "velocity":
            predicted = ToImage(name="to_image")(predicted, noisy, time)
        return keras.Model([noisy, time, *told], predicted, name="predict")

    def drawn(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Random latents, with conditions in rotation."""
        told = self.model.examples_told(count, seed) if self.model.told_specs() else {}
        return {"latent": self.model.latents(count, seed)} | told

    def noisy_examples(self, source: Any) -> Examples:
        """Training images at all noise levels; the model's samples if there is no source."""

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            if source is None:
                images = self.model.generate(count, seed)
            else:
                images = as_brightness(source.train.images[np.sort(random.integers(source.count, size=count))])
            times = random.random(count, dtype=np.float32)
            states = self.model.coded(2 * images - 1)
            noise = self.model.latents(count, seed).reshape(states.shape)
            noisy = between(noise, states, times[:, None, None, None]).astype(np.float32)
            return {"noisy": noisy, "time": times} | self.model.examples_told(count, seed)

        return examples


def inputs_for(specs: Mapping[str, TensorSpec]) -> list[Any]:
    """Inputs of a network."""
    return [keras.Input(spec.shape, dtype=spec.dtype, name=name) for name, spec in specs.items()]
