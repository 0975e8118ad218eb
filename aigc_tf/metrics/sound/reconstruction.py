"""Reconstruction quality of autoencoders of sound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.sound.spectrograms import frames_of, sounds_of, spectrograms
from aigc_tf.data.source import evenly
from aigc_tf.errors import InputError
from aigc_tf.families.autoencoder.sound_vae import SoundVAE
from aigc_tf.metrics.distances import nearest
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.features import FeatureNetwork
from aigc_tf.metrics.images.trained import class_count
from aigc_tf.metrics.sound.features import of_source
from aigc_tf.metrics.sound.recognition import told
from aigc_tf.metrics.sound.samples import CODED_BANDS, MAX_SOUNDS, coded
from aigc_tf.recipes.sound import SoundRecipe, SoundSettings

if TYPE_CHECKING:
    from aigc_tf.data.sound.source import SoundSource

MODEL, PHASES = "model", "their own spectrograms, phases by Griffin-Lim"
NEAREST, FEW_BANDS = "nearest training recording", f"coded by {CODED_BANDS} mel bands"
_FEWEST = 4


class SoundReconstruction(Evaluator):
    """Similarity of reconstructions to recordings of the part.

    Figures, all compared with the recordings' own spectrograms, with coding by 20 mel bands, and with the training
    recording of the nearest spectrogram:

    - log_mel_error_db: the mean difference of log-mel spectrograms, in dB of magnitude plus floor, lower is better;
    - stoi: short-time objective intelligibility (Taal et al. 2011), higher is better; with the package pystoi only;
    - reconstruction_recognition: the share that a classifier of the recordings recognises correctly, higher is better;
      with classes only.
    """

    def measure(self, model: SoundVAE, source: SoundSource, recipe: SoundRecipe, request: Request) -> Measurement:
        """Reconstruct at most 1,000 evenly spaced recordings; see `Evaluator.measure`.

        Raises:
            InputError: fewer than 4 recordings.
        """
        settings = recipe.sound
        sounds = source.inputs(request.part, min(request.samples, MAX_SOUNDS))
        if len(sounds) < _FEWEST:
            raise InputError(f"{len(sounds)} {request.part} recordings of {source.name}: at least {_FEWEST} are needed")
        pictures = spectrograms(sounds, settings)
        made = {
            MODEL: model.reconstruct(sounds),
            PHASES: sounds_of(pictures, settings),
            FEW_BANDS: coded(sounds, settings),
            NEAREST: _nearest(pictures, source),
        }
        seen = {name: spectrograms(sound, settings) for name, sound in made.items()}
        figures = {"log_mel_error_db": _figure(_errors(pictures, seen, settings), "lower")}
        protocol: dict[str, Any] = {"reconstructed_recordings": len(sounds)}
        rates = {name: stoi(sounds, sound, settings.rate) for name, sound in made.items()}
        if all(rate is not None for rate in rates.values()):
            figures["stoi"] = _figure({name: float(rate or 0) for name, rate in rates.items()}, "higher")
        labels = source.labels(request.part)
        if labels is not None and class_count(source.pictures) > 1:
            network = of_source(source)
            rows = evenly(len(labels), len(sounds))
            rates_of = {
                name: _recognised(network, images, labels[rows])
                for name, images in {**seen, "recordings": pictures}.items()
            }
            figures["reconstruction_recognition"] = _figure(rates_of, "higher")
            protocol["classifier"] = network.name
        return Measurement(figures, protocol)


def stoi(clean: np.ndarray, heard: np.ndarray, rate: int) -> float | None:
    """STOI of sounds `[count, samples]`, concatenated without surrounding silence; None without pystoi.

    STOI needs at least 30 non-silent frames of 12.8 ms, more than a single word may have.
    """
    try:
        import pystoi
    except ImportError:
        return None
    parts = []
    for sound in clean:
        loud = np.flatnonzero(np.abs(sound) > 0)
        parts.append(slice(loud[0], loud[-1] + 1) if len(loud) else slice(0))
    ends = [
        np.concatenate([sound[part] for sound, part in zip(all_of, parts, strict=True)]) for all_of in (clean, heard)
    ]
    return float(pystoi.stoi(*ends, rate))


def _figure(values: Mapping[str, float], better: Any) -> Figure:
    return Figure(values[MODEL], better, {name: value for name, value in values.items() if name != MODEL})


def _errors(pictures: np.ndarray, seen: Mapping[str, np.ndarray], settings: SoundSettings) -> dict[str, float]:
    decibels = frames_of(settings).steepness * 20 / math.log(10)
    return {name: float(np.abs(images - pictures).mean()) * decibels for name, images in seen.items()}


def _nearest(pictures: np.ndarray, source: SoundSource) -> np.ndarray:
    """The training sounds with the nearest spectrograms."""
    found = nearest(np.round(pictures * 255).astype(np.uint8), source.pictures.train.images, 1).indices[:, 0]
    return source.inputs("train", source.count)[found]


def _recognised(network: FeatureNetwork, images: np.ndarray, labels: np.ndarray) -> float:
    return float((told(network, np.round(images * 255).astype(np.uint8)) == labels).mean())
