"""The class-conditional spectrogram GAN."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.source import evenly
from aigc_tf.families.gan.conditional import PREVIEWED_CLASSES, ConditionalGAN
from aigc_tf.families.sounding import Seen, Sounding
from aigc_tf.modalities.captions import rows_with_captions

_OF_EACH = 6


class SoundGAN(Sounding, ConditionalGAN):  # type: ignore[misc]
    """A `ConditionalGAN` of log-mel spectrograms with sound as output (after SpecGAN, Donahue et al. 2019)."""

    def previews(self, source: Any) -> dict[str, Any]:
        """Spectrograms from fixed latents, a row for each class with its name, and one of each class to listen to."""
        del source
        classes = evenly(len(self.classes.names), PREVIEWED_CLASSES)
        seen: Any = Seen(self)
        images = seen.generate(len(classes) * _OF_EACH, condition=np.repeat(classes, _OF_EACH))
        rows = images.reshape(len(classes), _OF_EACH, *images.shape[1:])
        columns = 2 if len(classes) > 1 else 1
        return {
            "samples": rows_with_captions(rows, [self.classes.names[number] for number in classes], columns),
            **self.clips(self.generate(len(classes), condition=classes), "generated"),
        }
