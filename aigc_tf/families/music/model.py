"""The model of music: draws pieces cell by cell, and fits voices to those that are given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import HOLD, STEPS_A_QUARTER, Piece, ending_on
from aigc_tf.data.music.voice_leading import fewest_parallels
from aigc_tf.data.source import Batch
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel, Signature
from aigc_tf.families.music import exports
from aigc_tf.families.music.cells import cell_inputs, encoder_inputs, targets
from aigc_tf.families.music.choosing import Chooser
from aigc_tf.families.music.composing import Arrays, Composer, Task, stacked
from aigc_tf.families.music.networks import MusicNetworks
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Draws, Transforms
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.music import Scores
from aigc_tf.nn import replicas
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.music import KEYS, Music
from aigc_tf.recipes.pieces import Choice

ROWS = 16  # pieces that are written side by side, those of which one is kept included
_PREVIEWED, _PREVIEWED_BARS = 3, 4
_BARS, _QUARTERS = 8, 4


class MusicModel(GenerativeModel, Draws, Transforms):
    """p(x | g) = Π p(x_i | x_<i, g) over the cells x of a piece that are not given (g), in the order of time.

    Voices that are given are seen as a whole, what comes later, too, by an encoder in both directions: so the others
    can be drawn from left to right and fit, and need no sweeps of resampling as in DeepBach (Hadjeres et al. 2017).

    Args:
        recipe: its optimizer, schedule and seed.
        networks: in all forms.
    """

    def __init__(self, recipe: Music, networks: MusicNetworks) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.networks = recipe, networks
        self.encode, self.sequence = networks.encode, networks.sequence
        self.adam = scheduled_adam(recipe, self.trainable_variables)
        self.ready()
        self.compiled_nats = tf.function(partial(self.nats, training=False), reduce_retracing=True)

    @property
    def takes(self) -> Scores:
        """Pieces of some or all voices."""
        return Scores(self.recipe.music.voices)

    @property
    def gives(self) -> Scores:
        """Pieces of all voices."""
        return Scores(self.recipe.music.voices)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on a batch as `MusicSource.read` gives it."""
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            nats, asked = self.nats(batch, training=True)
            loss = tf.reduce_sum(nats) / replicas.mean(tf.reduce_sum(asked))
        # Gradients of embeddings are made dense for the optimizer, which moves every row by its moments.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        rate = tf.convert_to_tensor(self.adam.learning_rate)
        return {"loss": loss, "gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out windows. Changes nothing."""
        nats, asked = self.nats(batch, training=False)
        return {"loss": tf.reduce_sum(nats) / tf.reduce_sum(asked)}

    def nats(self, batch: Mapping[str, Any], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """-log p of each cell's symbol, 0 where it is given or after the end, and which are asked for, as 1 and 0.

        Both float32 `[batch, window * voices]`, the voices of a step one after the other.
        """
        memory = self.encode(encoder_inputs(batch), training=training)
        logits = self.sequence(cell_inputs(batch, memory), training=training)
        symbols, asked = targets(batch)
        counted = tf.cast(asked, logits.dtype)
        return next_symbol_nats(logits, symbols) * counted, counted

    def call_networks(self, name: str, inputs: Arrays) -> Arrays:
        """A network by its name, in inference mode, arrays by name; what a `Composer` calls."""
        network: keras.Model = getattr(self.networks, name)
        answer = self.networks.compiled[name]({tensor.name: inputs[tensor.name] for tensor in network.inputs})
        return dict(
            zip(exports.outputs_of(self.networks, name), (t.numpy() for t in tf.nest.flatten(answer)), strict=True)
        )

    @property
    def composer(self) -> Composer:
        """Writes with the networks."""
        return Composer(
            self.call_networks,
            exports.state_shapes(self.networks),
            self.recipe.music.window,
            self.networks.feedback,
        )

    def compose(
        self,
        task: Task,
        choice: Choice,
        streams: Sequence[np.random.Generator],
        best_of: int = 1,
        parallels: bool = True,
    ) -> np.ndarray:
        """Cells of a task, int16 `[rows, steps, voices]`; each row draws from a stream of its own.

        Of `best_of` drawings of a row that with the fewest parallels is kept; without `parallels` none are drawn.
        """
        if best_of > 1:
            streams = [each for stream in streams for each in stream.spawn(best_of)]
        made = self.composer.write(task.repeated(best_of), Chooser(choice, streams), parallels)
        return fewest_parallels(made, best_of)

    def generate(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        bars: int = _BARS,
        quarters: int = _QUARTERS,
        prompt: str | Path | Piece = "",
        key: str = "",
        choice: Choice | None = None,
        best_of: int = 1,
        parallels: bool = True,
    ) -> list[Piece]:
        """New pieces; see `Draws.generate`.

        Args:
            count: how many.
            seed: of the draws.
            condition: none is taken.
            bars: of each piece, after those of the prompt.
            quarters: of a bar, without a prompt.
            prompt: a piece, or a MIDI file, that each piece begins with; voices that it lacks are fitted to it.
            key: the note on which the lowest voice ends, such as "f#": pieces are moved there; any if it is empty.
            choice: how notes are chosen.
            best_of: each piece is drawn so many times, and that with the fewest parallels is kept.
            parallels: whether voices may move in parallel fifths, octaves and unisons.

        Raises:
            InputError: the prompt cannot be read.
        """
        options: dict[str, Any] = {"bars": bars, "quarters": quarters, "prompt": prompt, "key": key}
        options |= {"choice": choice, "best_of": best_of, "parallels": parallels}
        return [piece for batch in self.generate_batches(count, seed, condition, **options) for piece in batch]

    def generate_batches(
        self, count: int, seed: int = 0, condition: Any = None, **options: Any
    ) -> Iterator[list[Piece]]:
        """What `generate` makes, some at a time."""
        self.conditions(condition, count)
        start = self._start(options.get("prompt", ""), options.get("quarters", _QUARTERS))
        chosen, key = options.get("choice") or Choice(), options.get("key", "")
        steps = start.steps + options.get("bars", _BARS) * start.bar
        column = self._columns(start, ()) if start.steps else {}
        best_of = options.get("best_of", 1)
        at_once = max(1, ROWS // best_of)
        for first in range(0, count, at_once):
            rows = min(at_once, count - first)
            task = self._task(start, column, steps, rows)
            streams = [np.random.default_rng((seed, first + row)) for row in range(rows)]
            made = self.compose(task, chosen, streams, best_of, options.get("parallels", True))
            voices = self.recipe.music.voices
            pieces = [Piece(cells, start.bar, start.pickup, start.tempo, voices) for cells in made]
            yield [ending_on(piece, KEYS.index(key)) for piece in pieces] if key else pieces

    def _start(self, prompt: str | Path | Piece, quarters: int) -> Piece:
        """What pieces begin with; nothing without a prompt."""
        if isinstance(prompt, Piece):
            return prompt
        if str(prompt):
            piece: Piece = self.takes.parse([str(prompt)])[0]
            return piece
        return Piece(np.zeros((0, len(self.recipe.music.voices)), np.int16), quarters * STEPS_A_QUARTER)

    def transform(
        self,
        inputs: Sequence[Piece],
        seed: int = 0,
        condition: Any = None,
        fix: Sequence[str] = (),
        choice: Choice | None = None,
        best_of: int = 1,
        parallels: bool = True,
    ) -> list[Piece]:
        """Pieces whose other voices are made anew, to fit those that are fixed; see `Transforms.transform`.

        Args:
            inputs: pieces that have the fixed voices at least.
            seed: of the draws; each piece draws from a stream that follows from it and from its notes.
            condition: none is taken.
            fix: voices by name; if none are named all that an input has, or of a full score the highest.
            choice: how notes are chosen.
            best_of: each piece is drawn so many times, and that with the fewest parallels is kept.
            parallels: whether voices may move in parallel fifths, octaves and unisons.

        Raises:
            InputError: there is no such voice, or a piece does not have it.
        """
        self.conditions(condition, len(inputs))
        voices = self.recipe.music.voices
        highest = [voices[:1] if piece.cells.shape[1] == len(voices) else () for piece in inputs]
        fixed = [self._columns(piece, fix or own) for piece, own in zip(inputs, highest, strict=True)]
        tasks = [self._task(piece, own, piece.steps, 1) for piece, own in zip(inputs, fixed, strict=True)]
        streams = [np.random.default_rng((seed, task.content)) for task in tasks]
        alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for index, piece in enumerate(inputs):
            alike[piece.steps, piece.bar, piece.pickup].append(index)
        made: dict[int, np.ndarray] = {}
        at_once = max(1, ROWS // best_of)
        for indices in alike.values():
            for at in range(0, len(indices), at_once):
                some = indices[at : at + at_once]
                task = stacked([tasks[index] for index in some])
                cells = self.compose(task, choice or Choice(), [streams[index] for index in some], best_of, parallels)
                made |= dict(zip(some, cells, strict=True))
        return [Piece(made[n], each.bar, each.pickup, each.tempo, voices) for n, each in enumerate(inputs)]

    def _task(self, piece: Piece, columns: Mapping[int, int], steps: int, rows: int) -> Task:
        """So many rows of the given voices of a piece, in pieces of so many steps.

        Args:
            piece: its voices are at the beginning.
            columns: voice -> column of the piece.
            steps: in all.
            rows: the same each.
        """
        cells = np.full((steps, len(self.recipe.music.voices)), HOLD, np.int16)
        given = np.zeros(cells.shape, bool)
        for voice, column in columns.items():
            cells[: piece.steps, voice] = piece.cells[:, column]
            given[: piece.steps, voice] = True
        return Task(np.tile(cells, (rows, 1, 1)), np.tile(given, (rows, 1, 1)), piece.bar, piece.pickup)

    def _columns(self, piece: Piece, fix: Sequence[str]) -> dict[int, int]:
        """Fixed voice -> the column of a piece that it is; all voices of the piece if `fix` is empty.

        Raises:
            InputError: there is no such voice, or the piece does not have it.
        """
        voices = self.recipe.music.voices
        strange = [name for name in fix if name not in voices]
        if strange:
            raise InputError(f"there is no voice {strange[0]}: choose among {', '.join(voices)}")
        has = piece.cells.shape[1]
        names = piece.voices
        if not names:
            names = tuple(fix) if len(set(fix)) == has else voices[:has]
            names = tuple(voice for voice in voices if voice in names)
        wanted = tuple(fix) or names
        lacking = [name for name in wanted if name not in names]
        if lacking:
            raise InputError(
                f"a piece has the voices {', '.join(names)}, and {lacking[0]} is to be fixed: name tracks after the "
                f"voices ({', '.join(voices)}), or fix others"
            )
        return {voices.index(name): names.index(name) for name in wanted}

    def previews(self, source: Any) -> dict[str, Preview | Clip]:
        """`samples`: pieces always from the same seed; `harmonised`: a watched melody with its voices, and with new;
        `samples_sound`: the samples to listen to."""
        made = self.generate(_PREVIEWED, bars=_PREVIEWED_BARS)
        piece = source.inputs("validation", 1)[0].part(0, 16 * _PREVIEWED_BARS)
        (fitted,) = self.transform([piece], fix=self.recipe.music.voices[:1])
        return {
            "samples": self.gives.show(made),
            "harmonised": self.gives.compare([piece], [fitted]),
            "samples_sound": self.gives.sound(made),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to write with the file (docs/MOBILE.md)."""
        return exports.metadata(self.recipe.music.voices, self.recipe.music.window)

    def page(self, source: Any = None) -> list[Panel]:
        """It composes, fits voices and plays."""
        return [Panel("compose", "step", self.export_metadata() | {"encode": "encode", "prefill": "prefill"})]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: what is given -> memory; `step`: one cell further; `prefill`: the known half of a window."""
        return exports.signatures(self, source)
