"""The spectrogram VAE."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.families.latent_space import interpolation, most_active, spherical, traversals
from aigc_tf.families.sounding import Seen, Sounding
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.drawing import grid, rows_of
from aigc_tf.modalities.sounds import Sounds

_SHOWN, _DIMENSIONS, _ENCODED = 16, 8, 200


class SoundVAE(Sounding, VAE):  # type: ignore[misc]
    """A `VAE` of log-mel spectrograms with sound as input and output."""

    @property
    def takes(self) -> Sounds:  # type: ignore[override]
        """Sounds of the recipe's length."""
        return self.gives

    def prepared(self, inputs: np.ndarray) -> np.ndarray:
        """Convert sounds to spectrograms in [0, 1]."""
        return self.pictures_of(inputs)

    def score(self, sounds: np.ndarray) -> np.ndarray:
        """Anomaly scores of sounds `[count, samples]`: float32 `[count]`, in nats."""
        return super().score(self.pictures_of(sounds))

    def previews(self, source: Any) -> dict[str, Any]:
        """Spectrograms of samples, interpolations and reconstructions, and some of each to listen to."""
        seen: Any = Seen(self)
        shown, titles = source.shown("validation", _SHOWN)
        made = self.reconstruct(shown)
        pairs = np.stack([self.pictures_of(shown), self.pictures_of(made)], axis=1)
        start, end = self.latents(8, seed=0).reshape(2, 4, -1)
        activity = self.activity(source.inputs("validation", _ENCODED))
        return {
            "samples": grid(seen.generate(_SHOWN)),
            "interpolation": rows_of(interpolation(seen, start, end, 8, spherical)),
            "reconstructions": rows_with_captions(pairs, titles, columns=4),
            "traversals": rows_of(traversals(seen, most_active(activity, _DIMENSIONS))),
            **self.clips(self.generate(_SHOWN), "generated"),
            **self.clips(shown, "held_out"),
            **self.clips(made, "reconstructed"),
        }
