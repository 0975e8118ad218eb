"""Mixins that turn picture models into sound models, with log-mel spectrograms as pictures."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from aigc_tf.data.sound.spectrograms import analysis, sounds_of, spectrograms, synthesis
from aigc_tf.families.base import Examples, Signature, TensorSpec
from aigc_tf.families.latent import LatentModel
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Draws
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.sounds import Sounds
from aigc_tf.recipes.sound import SoundRecipe, SoundSettings

_HEARD = 6  # sounds of a preview
_SOUND = {"image": "sound"}  # renaming of a picture model's inputs and outputs


def heard_alike(settings: SoundSettings) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Compare sounds by their spectrograms; see `Signature.compared`.

    Each iteration of Griffin-Lim amplifies differences where phases are ill-defined. For ten spoken digits whose
    spectrograms differ by 1e-6, samples differ by up to 0.06 of full scale, and their spectrograms by 3e-5 on average;
    one iteration of 16 less makes a difference of 5e-3.
    """
    return {"sound": lambda sounds: spectrograms(sounds, settings)}


class SoundMaker(Draws):
    """A model that generates spectrograms and converts them to sounds."""

    recipe: SoundRecipe

    @property
    def gives(self) -> Sounds:
        """Sounds of the recipe's length."""
        return Sounds(self.recipe.sound)

    @abc.abstractmethod
    def generate_pictures(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """The spectrograms before `generate` converts them to sounds, float32 `[count, bands, frames, 1]` in [0, 1].

        Further arguments are those of `generate`.
        """

    def pictures_of(self, sounds: np.ndarray) -> np.ndarray:
        """Spectrograms of sounds, float32 `[count, bands, frames, 1]` in [0, 1]."""
        return spectrograms(np.asarray(sounds), self.recipe.sound)

    def clips(self, sounds: np.ndarray, name: str) -> dict[str, Clip]:
        """An audio preview: the first of some sounds, concatenated."""
        silence = np.zeros(self.recipe.sound.rate // 4, np.float32)
        whole = np.concatenate([part for sound in sounds[:_HEARD] for part in (sound, silence)])
        return {name: Clip(whole, self.recipe.sound.rate)}

    def export_metadata(self) -> dict[str, Any]:
        """The sample rate."""
        return super().export_metadata() | {"rate": self.recipe.sound.rate}  # type: ignore[misc]


class Sounding(SoundMaker, LatentModel):
    """Mixin to place before a picture model in the base classes: it converts between pictures and sound."""

    def decode(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Decode latents to sounds, float32 `[count, samples]` in [-1, 1]; see `Decodes.decode`."""
        return sounds_of(self.decode_pictures(latents, condition), self.recipe.sound)

    def decode_pictures(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Spectrograms of latents, float32 `[count, bands, frames, 1]` in [0, 1]."""
        pictures: np.ndarray = super().decode(latents, condition)  # type: ignore[safe-super]
        return pictures

    def generate_pictures(
        self, count: int, seed: int = 0, condition: Any = None, truncation: float | None = None
    ) -> np.ndarray:
        """See `SoundMaker.generate_pictures`."""
        return self.decode_pictures(self.latents(count, seed, truncation), condition)

    def example_sounds(self, source: Any, count: int, seed: int) -> np.ndarray:
        """Training sounds; the model's samples if there is no source."""
        if source is None:
            return self.generate(count, seed)
        sounds = source.inputs("train", source.count)
        return sounds[np.sort(np.random.default_rng(seed).integers(len(sounds), size=count))]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """Those of the picture model, with sound in place of pictures."""
        base: dict[str, Signature] = super().signatures(None)  # type: ignore[safe-super]
        return {name: self._sounding(signature, source) for name, signature in base.items()}

    def _sounding(self, signature: Signature, source: Any) -> Signature:
        settings = self.recipe.sound
        spec = TensorSpec((settings.samples,), f"samples in [-1, 1], {settings.rate} per second")

        def heard(specs: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
            return {_SOUND.get(name, name): spec if name in _SOUND else one for name, one in specs.items()}

        def ordinary(count: int, seed: int) -> np.ndarray:
            return self.example_sounds(source, count, seed)

        def strange(count: int, seed: int) -> np.ndarray:
            return self.gives.strange(ordinary(count, seed), seed)

        inputs = heard(signature.inputs)
        return Signature(
            _network(signature, settings),
            inputs,
            heard(signature.outputs),
            _examples(signature.examples, ordinary) if "sound" in inputs else signature.examples,
            strange=_examples(signature.strange, strange) if signature.strange else None,
            passes=settings.iterations if "image" in signature.outputs else 1,
            compared=heard_alike(settings) if "image" in signature.outputs else {},
        )

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates and plays sounds."""
        del source
        name = next(name for name in ("generate", "decode") if name in self.signatures())
        return [Panel("sound", name, {"prior": None, "rate": self.recipe.sound.rate})]


def _network(signature: Signature, settings: SoundSettings) -> keras.Model:
    """The network of a signature, with sound in place of pictures."""

    def given(name: str, tensor: Any) -> Any:
        shape = (settings.samples,) if name in _SOUND else tensor.shape[1:]
        return keras.Input(shape, dtype=tensor.dtype, name=_SOUND.get(name, name))

    network = signature.network
    tensors = [given(name, tensor) for name, tensor in zip(signature.inputs, network.inputs, strict=True)]
    seen = [
        analysis(settings)(tensor) if name in _SOUND else tensor
        for name, tensor in zip(signature.inputs, tensors, strict=True)
    ]
    made = keras.tree.flatten(network(seen if len(seen) > 1 else seen[0]))
    outputs = [
        synthesis(settings)(tensor) if name in _SOUND else tensor
        for name, tensor in zip(signature.outputs, made, strict=True)
    ]
    return keras.Model(tensors if len(tensors) > 1 else tensors[0], outputs if len(outputs) > 1 else outputs[0])


def _examples(base: Examples, sounds: Callable[[int, int], np.ndarray]) -> Examples:
    """Examples with sounds in place of pictures."""

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        others = {name: values for name, values in base(count, seed).items() if name not in _SOUND}
        return {"sound": sounds(count, seed)} | others

    return examples


class Seen:
    """An adapter that presents a sound model as a picture model of spectrograms, for drawing and evaluation.

    Args:
        model: a `SoundMaker`.
        heard: whether to use the spectrogram of the synthesised sound, as a listener hears it.
        sampler: what generates the sounds, if not the model; needs `heard`.
    """

    def __init__(self, model: Any, heard: bool = False, sampler: Any = None) -> None:
        self.model, self.heard, self.sampler = model, heard, sampler or model

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    @property
    def other_samplers(self) -> dict[str, Seen]:
        """Those of the model, by name; see `aigc_tf.metrics.images.drawing.HasOtherSamplers`."""
        others = getattr(self.model, "other_samplers", {})
        return {name: Seen(self.model, heard=True, sampler=other) for name, other in others.items()}

    def decode(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Spectrograms of latents, float32 `[count, bands, frames, 1]` in [0, 1]."""
        decoded: np.ndarray = self.model.decode_pictures(latents, condition)
        return decoded

    def generate(self, count: int, seed: int = 0, condition: Any = None, **options: Any) -> np.ndarray:
        """New spectrograms; see `Draws.generate`."""
        if self.heard:
            heard: np.ndarray = self.model.pictures_of(self.sampler.generate(count, seed, condition, **options))
            return heard
        pictures: np.ndarray = self.model.generate_pictures(count, seed, condition, **options)
        return pictures
