"""Evaluation of speech synthesis: spectral distance to recordings of the same words, and word recognition."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.sound.spectrograms import frames_of
from aigc_tf.data.sound.spoken import Spoken as Recording
from aigc_tf.errors import InputError
from aigc_tf.families.speech.model import sounds_of_picture
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.sound.reconstruction import stoi
from aigc_tf.metrics.sound.warping import nearest_template, warped
from aigc_tf.recipes.speech import Speech

if TYPE_CHECKING:
    from aigc_tf.data.sound.spoken import SpokenSource
    from aigc_tf.families.speech.model import SpeechModel

MEAN, NEAREST, OWN = (
    "mean spectrum",
    "training recording with the most similar words",
    "recordings, phases by Griffin-Lim",
)
MAX_SENTENCES, MAX_WORDS = 100, 150


class Spoken(Evaluator):
    """Similarity of speech to recordings, and intelligibility of words.

    Figures:

    - log_mel_error_db: mean difference of log-mel spectrograms to recordings of the part, after dynamic time warping,
      in dB of magnitude plus floor; lower is better. It is compared with the mean spectrum of the training part, and
      with the training recording of the most similar words;
    - stoi: short-time objective intelligibility (Taal et al. 2011) of the warped sound; higher is better; with the
      package pystoi only;
    - words_recognised: the share of single training words for which the nearest recording of a single word, by dynamic
      time warping, is of the same word; higher is better. It is compared with the recordings themselves with phases by
      Griffin-Lim, and with chance.
    """

    def measure(self, model: SpeechModel, source: SpokenSource, recipe: Speech, request: Request) -> Measurement:
        """Synthesise at most 100 sentences of the part, and 150 words; see `Evaluator.measure`.

        Raises:
            InputError: the part has no recordings.
        """
        chosen = source.recordings(request.part, min(request.samples, MAX_SENTENCES))
        if not chosen:
            raise InputError(f"{source.name} has no {request.part} recordings: give more")
        train = source.recordings("train", source.count)
        made = {
            "model": model.pictures([one.words for one in chosen]),
            MEAN: [np.repeat(mean_spectrum(train), len(one.picture), axis=0) for one in chosen],
            NEAREST: [most_similar(one.words, train).picture for one in chosen],
        }
        decibels = frames_of(recipe.sound).steepness * 20 / math.log(10)
        errors, clear = {}, {}
        for name, pictures in made.items():
            ways = [warped(one.picture, picture) for one, picture in zip(chosen, pictures, strict=True)]
            errors[name] = float(np.mean([way.distance for way in ways])) * decibels
            clear[name] = self._stoi(chosen, pictures, ways, recipe)
        figures = {"log_mel_error_db": _figure(errors, "lower")}
        if all(value is not None for value in clear.values()):
            figures["stoi"] = _figure({name: float(value or 0) for name, value in clear.items()}, "higher")
        words = single_words(train)
        if len(words) > 1:
            templates = [one.picture for one in words]
            told = self._recognised(model.pictures([one.words for one in words]), templates)
            resounded = self._recognised([self._heard(one.picture, recipe) for one in words], templates)
            figures["words_recognised"] = Figure(told, "higher", {OWN: resounded, "chance": 1 / len(words)})
        return Measurement(figures, {"sentences": len(chosen), "single_words": len(words)})

    def _stoi(self, chosen: Sequence[Recording], pictures: Any, ways: Any, recipe: Speech) -> float | None:
        """STOI of the sounds of spectrograms warped to the recordings' frames."""
        clean, heard = [], []
        hop = recipe.sound.hop
        for one, picture, way in zip(chosen, pictures, ways, strict=True):
            first = np.searchsorted(way.first, np.arange(len(one.picture)))
            sound = sounds_of_picture(picture[way.second[first]], recipe)
            samples = len(one.picture) * hop
            clean.append(np.pad(one.sound / 32767, (0, samples - len(one.sound))))
            heard.append(sound)
        return stoi([np.concatenate(clean)], [np.concatenate(heard)], recipe.sound.rate)  # type: ignore[arg-type]

    def _heard(self, picture: np.ndarray, recipe: Speech) -> np.ndarray:
        """The spectrogram of the sound synthesised from a spectrogram."""
        from aigc_tf.data.sound.spectrograms import spectrograms

        sound = sounds_of_picture(picture, recipe)
        settings = recipe.sound.of_frames(len(picture))
        return spectrograms(sound[np.newaxis], settings)[0, :, :, 0].T

    def _recognised(self, pictures: Sequence[np.ndarray], templates: Sequence[np.ndarray]) -> float:
        return float(np.mean([nearest_template(picture, templates) == row for row, picture in enumerate(pictures)]))


def mean_spectrum(recordings: Sequence[Recording]) -> np.ndarray:
    """The mean over all frames: `[1, bands]`."""
    return np.concatenate([one.picture for one in recordings]).mean(axis=0, keepdims=True)


def most_similar(words: str, recordings: Sequence[Recording]) -> Recording:
    """The recording whose words are most similar to `words` (Ratcliff & Obershelp's measure)."""
    return max(recordings, key=lambda one: difflib.SequenceMatcher(None, words, one.words, autojunk=False).ratio())


def single_words(recordings: Sequence[Recording]) -> list[Recording]:
    """One recording of each single-word text, at most `MAX_WORDS`."""
    found = {one.words: one for one in recordings if " " not in one.words}
    return [found[word] for word in sorted(found)][:MAX_WORDS]


def _figure(values: dict[str, float], better: Any) -> Figure:
    return Figure(values["model"], better, {name: value for name, value in values.items() if name != "model"})
