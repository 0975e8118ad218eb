"""The autoregressive model of polyphonic music: generation of pieces, and harmonisation of given voices."""

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

ROWS = 16  # pieces per batch, including the candidates for `best_of`
_PREVIEWED, _PREVIEWED_BARS = 3, 4
_BARS, _QUARTERS = 8, 4


class MusicModel(GenerativeModel, Draws, Transforms):
    """An autoregressive model of a piece's cells x in the order of time, given cells g: p(x | g) = Π p(x_i | x_<i, g).

    A bidirectional encoder sees the given voices as a whole, including the future. So the others can be sampled from
    left to right and still fit, without Gibbs sampling as in DeepBach (Hadjeres et al. 2017).

    Args:
        recipe: its optimizer, schedule and seed.
        networks: in all variants.
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
        """Pieces with some or all voices."""
        return Scores(self.recipe.music.voices)

    @property
    def gives(self) -> Scores:
        """Pieces with all voices."""
        return Scores(self.recipe.music.voices)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on a batch from `MusicSource.read`."""
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            nats, asked = self.nats(batch, training=True)
            loss = tf.reduce_sum(nats) / replicas.mean(tf.reduce_sum(asked))
        # Embedding gradients are made dense for the optimizer, whose moments update every row.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        rate = tf.convert_to_tensor(self.adam.learning_rate)
        return {"loss": loss, "gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out windows. Changes nothing."""
        nats, asked = self.nats(batch, training=False)
        return {"loss": tf.reduce_sum(nats) / tf.reduce_sum(asked)}

    def nats(self, batch: Mapping[str, Any], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """-log p of each cell's symbol, 0 if it is given or after the end, and the mask of predicted cells, as 1 and 0.

        Both float32 `[batch, window * voices]`, with the voices of a step in succession.
        """
        memory = self.encode(encoder_inputs(batch), training=training)
        logits = self.sequence(cell_inputs(batch, memory), training=training)
        symbols, asked = targets(batch)
        counted = tf.cast(asked, logits.dtype)
        return next_symbol_nats(logits, symbols) * counted, counted

    def call_networks(self, name: str, inputs: Arrays) -> Arrays:
        """Call a network by its name, in inference mode, with arrays by name, for a `Composer`."""
        network: keras.Model = getattr(self.networks, name)
        answer = self.networks.compiled[name]({tensor.name: inputs[tensor.name] for tensor in network.inputs})
        return dict(
            zip(exports.outputs_of(self.networks, name), (t.numpy() for t in tf.nest.flatten(answer)), strict=True)
        )

    @property
    def composer(self) -> Composer:
        """A composer that uses the networks."""
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
        """Generate the cells of a task, int16 `[rows, steps, voices]`; each row has its own random generator.

        Of `best_of` samples of a row, the one with the fewest parallels is kept; without `parallels` none are
        generated.
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
            count: number of pieces.
            seed: of the sampling.
            condition: none is taken.
            bars: of each piece, not counting the prompt's.
            quarters: per bar, without a prompt.
            prompt: a piece, or a MIDI file, that each piece begins with; voices that it lacks are harmonised.
            key: the note on which the lowest voice ends, such as "f#", to which pieces are transposed; empty for any.
            choice: sampling settings.
            best_of: number of samples of each piece, of which the one with the fewest parallels is kept.
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
        """`generate` in batches."""
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
        """The beginning of pieces; empty without a prompt."""
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
        """Harmonise: regenerate the other voices to fit the fixed ones; see `Transforms.transform`.

        Args:
            inputs: pieces with at least the fixed voices.
            seed: of the sampling; each piece's random generator depends on it and on the piece's notes.
            condition: none is taken.
            fix: voices by name; by default all that an input has, or the highest of a full score.
            choice: sampling settings.
            best_of: number of samples of each piece, of which the one with the fewest parallels is kept.
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
        """A task with copies of a piece's given voices.

        Args:
            piece: the given voices.
            columns: voice -> column of the piece.
            steps: of the pieces to generate.
            rows: number of copies.
        """
        cells = np.full((steps, len(self.recipe.music.voices)), HOLD, np.int16)
        given = np.zeros(cells.shape, bool)
        for voice, column in columns.items():
            cells[: piece.steps, voice] = piece.cells[:, column]
            given[: piece.steps, voice] = True
        return Task(np.tile(cells, (rows, 1, 1)), np.tile(given, (rows, 1, 1)), piece.bar, piece.pickup)

    def _columns(self, piece: Piece, fix: Sequence[str]) -> dict[int, int]:
        """Fixed voice -> its column in the piece; all voices of the piece if `fix` is empty.

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
        """`samples`: pieces from a fixed seed; `harmonised`: a watched melody with its own and with new voices;
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
        """What a program needs to generate with the file (docs/MOBILE.md)."""
        return exports.metadata(self.recipe.music.voices, self.recipe.music.window)

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that composes, harmonises and plays."""
        return [Panel("compose", "step", self.export_metadata() | {"encode": "encode", "prefill": "prefill"})]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: given cells -> memory; `step`: the next cell; `prefill`: the known half of a window."""
        return exports.signatures(self, source)
