"""Sample quality of sound models, by spectrograms of generated sounds and recordings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.sound.spectrograms import sounds_of, spectrograms
from aigc_tf.data.source import PartName
from aigc_tf.families.sounding import Seen, SoundMaker
from aigc_tf.metrics import cache
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Chooser, Evaluator, Measurement, Request
from aigc_tf.metrics.images.features import FeatureNetwork
from aigc_tf.metrics.images.reference import Comparison, comparison
from aigc_tf.metrics.images.samples import READINGS, Samples, frechet_distance_of_model
from aigc_tf.metrics.sound.features import of_source, options_of
from aigc_tf.recipes.sound import SoundRecipe, SoundSettings

if TYPE_CHECKING:
    from aigc_tf.data.sound.source import SoundSource

MAX_SOUNDS = 1000
"""Maximum number of samples: reconstructing the phases takes some hundredths of a second each."""
CODED_BANDS = 20
CODED = f"training recordings coded by {CODED_BANDS} mel bands"
_AT_ONCE = 200


class SoundSamples(Evaluator):
    """Similarity of generated sounds to recordings, by the spectrograms of the sound that a listener hears.

    Figures and pictures are those of `aigc_tf.metrics.images.samples.Samples`, whose images are the spectrograms; the
    feature network is a classifier of the recordings. A further baseline is recordings coded by 20 mel bands, in which
    words are just intelligible. At most 1,000 sounds are generated.
    """

    def measure(self, model: SoundMaker, source: SoundSource, recipe: SoundRecipe, request: Request) -> Measurement:
        """Generate `request.samples` sounds and compare them with those of the part; see `Evaluator.measure`.

        Raises:
            InputError: fewer than 10 samples or recordings of the part.
        """
        seen: Any = Seen(model, heard=True)
        network = of_source(source)
        fewer = dataclasses.replace(request, samples=min(request.samples, MAX_SOUNDS), options=options_of(source))
        found = Samples().measure(seen, source.pictures, recipe, fewer)
        coded = coded_recordings(network, source, fewer.samples, request.part)
        figures = dict(found.figures)
        for name, (better, read) in READINGS.items():
            if name in figures and better != "neither" and (value := read(coded)) is not None:
                beside = {**figures[name].baselines, CODED: value}
                figures[name] = dataclasses.replace(figures[name], baselines=beside)
        protocol = dict(found.protocol) | {
            "sounds": fewer.samples,
            "heard": f"spectrograms of the sounds, {recipe.sound.iterations} iterations of Griffin-Lim",
        }
        return Measurement(figures, protocol, found.pictures, found.tables)


class SpectrogramDistance(Chooser):
    """The Fréchet distance of generated spectrograms to those of recordings; lower is better. Phases are left out."""

    name = "spectrogram_distance"

    def value(self, model: Any, source: Any, recipe: Any, samples: int, part: PartName) -> float:
        """See `aigc_tf.metrics.images.samples.frechet_distance_of_model`."""
        seen: Any = Seen(model)
        kind = options_of(source).get("features", "auto")
        return frechet_distance_of_model(seen, source.pictures, recipe, samples, CHOOSING_SEED, kind, part=part)


def coded(sounds: np.ndarray, settings: SoundSettings, bands: int = CODED_BANDS) -> np.ndarray:
    """Sounds `[count, samples]` resynthesised from spectrograms with few mel bands."""
    coarse = dataclasses.replace(settings, bands=min(bands, settings.bands))
    return sounds_of(spectrograms(sounds, coarse), coarse)


def coded_recordings(network: FeatureNetwork, source: SoundSource, count: int, part: PartName) -> Comparison:
    """Comparison of training recordings coded by 20 mel bands and resynthesised; once per process."""
    sounds = source.inputs("train", source.count)
    # Shuffled, so that the first ones are of all classes.
    sounds = sounds[np.random.default_rng(0).permutation(len(sounds))[:count]]

    def chunks() -> Iterator[np.ndarray]:
        for at in range(0, len(sounds), _AT_ONCE):
            again = coded(sounds[at : at + _AT_ONCE], source.settings)
            yield np.round(spectrograms(again, source.settings) * 255).astype(np.uint8)

    key = (network.sha256, source.fingerprint, part, count, source.validation_split, repr(source.settings))
    return cache.shared().of("coded recordings", key, lambda: comparison(network, chunks(), source.pictures, part))
