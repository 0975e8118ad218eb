"""A language model of polyphonic music, encoded as words of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.music.event_source import EventSource
from aigc_tf.data.music.events import performance_of_words, words_of
from aigc_tf.data.music.midi import SUFFIXES
from aigc_tf.data.music.performance import Performance
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.performances import Performances
from aigc_tf.recipes.options import Decoding

WORDS = 600  # per piece by default
_PREVIEWED, _PREVIEWED_WORDS = 3, 300


class EventModel(LanguageModel):
    """A `LanguageModel` whose texts are words of events (`aigc_tf.data.music.events`), with performances as output."""

    score_meaning = "how surprising the piece is: the mean of -log p, in nats per event word"

    @property
    def takes(self) -> Performances:  # type: ignore[override]
        """Performances."""
        return Performances()

    @property
    def gives(self) -> Performances:  # type: ignore[override]
        """Performances."""
        return Performances()

    def tokens_of_prompt(self, prompt: str) -> np.ndarray:
        """The words of a prompt, or of the MIDI file that it names; see `TextModel.tokens_of_prompt`."""
        return super().tokens_of_prompt(self.words_of_prompt(prompt))

    def words_of_prompt(self, prompt: str) -> str:
        """A prompt's words unchanged, or those of a MIDI file.

        Raises:
            InputError: the file cannot be read.
        """
        if not prompt.casefold().endswith(SUFFIXES):
            return prompt
        (performance,) = self.takes.parse([str(Path(prompt))])
        return words_of(performance)

    def generate(  # type: ignore[override]
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = WORDS,
        decoding: Decoding | None = None,
    ) -> list[Performance]:
        """New pieces; words that are invalid in their context are left out. See `TextModel.generate`."""
        texts = self.generate_words(count, seed, condition, prompt, tokens, decoding)
        return [performance_of_words(text)[0] for text in texts]

    def generate_words(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = WORDS,
        decoding: Decoding | None = None,
    ) -> list[str]:
        """The words of new pieces."""
        return super().generate(count, seed, condition, self.words_of_prompt(prompt), tokens, decoding)

    def pieces(
        self,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = WORDS,
        decoding: Decoding | None = None,
    ) -> Iterator[str]:
        """One piece, word by word."""
        yield from super().pieces(seed, condition, self.words_of_prompt(prompt), tokens, decoding)

    def score(self, inputs: Sequence[Performance]) -> np.ndarray:  # type: ignore[override]
        """See `LanguageModel.score`."""
        return super().score([words_of(performance) for performance in inputs])

    def explain(self, value: Performance, title: str) -> dict[str, Preview]:  # type: ignore[override]
        """See `LanguageModel.explain`; long pieces are truncated to the context."""
        words = words_of(value).split(" ")[: self.recipe.text.context - 1]
        return super().explain(" ".join(words), title)

    def previews(self, source: EventSource) -> dict[str, Any]:
        """Piano rolls of pieces from a fixed seed, the pieces to listen to, and attention maps."""
        made = self.generate(_PREVIEWED, tokens=_PREVIEWED_WORDS)
        shown = {"samples": self.gives.show(made), "samples_sound": self.gives.sound(made)}
        return shown | self.attention_preview(source)
