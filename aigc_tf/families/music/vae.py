"""The hierarchical variational autoencoder of excerpts of music."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.music.excerpts import ExcerptSource, notes_of_pieces
from aigc_tf.data.music.piece import HOLD, NOTHING, Piece
from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature
from aigc_tf.families.latent_space import interpolation, linear
from aigc_tf.families.music import exports, vae_exports
from aigc_tf.families.music.cells import by_bars, cell_inputs, targets
from aigc_tf.families.music.choosing import Chooser
from aigc_tf.families.music.composing import Arrays, Choose, Composer, Hop, Page, Task
from aigc_tf.families.music.vae_networks import ExcerptNetworks
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Decodes, Transforms
from aigc_tf.families.variational import VariationalSequences
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.music import Excerpts
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.music_vae import MusicVAE as MusicVAERecipe
from aigc_tf.recipes.pieces import BAR, Choice

LIKELIEST = Choice(temperature=0.0)
_ROWS = 64  # excerpts per batch in generation
_PREVIEWED, _BETWEEN = 4, 6


class MusicVAE(Decodes, Transforms, VariationalSequences, GenerativeModel):
    """A hierarchical VAE of excerpts (MusicVAE: Roberts et al. 2018), p(x | z) = Π p(x_i | x_<i in its bar, z).

    The decoder forgets everything but the sounding notes at each bar line, so long-range structure must be in the
    latent, from which a conductor derives an embedding for each bar.

    Args:
        recipe: its objective, optimizer, schedule and seed.
        networks: in all variants.
    """

    recipe: MusicVAERecipe

    def __init__(self, recipe: MusicVAERecipe, networks: ExcerptNetworks) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.networks = recipe, networks
        self.encoder, self.conduct, self.sequence = networks.encoder, networks.conduct, networks.sequence
        self.latent_dim = recipe.latent_dim
        self.sample = GaussianSample(recipe.seed, name="sample")
        self.note_dropout_seed = keras.random.SeedGenerator(recipe.seed ^ 1, name="note_dropout_seed")
        self.adam = scheduled_adam(recipe, self.trainable_variables)
        self.ready()

    @property
    def takes(self) -> Excerpts:
        """Excerpts with all voices."""
        return Excerpts(self.recipe.music)

    @property
    def gives(self) -> Excerpts:
        """Excerpts with all voices."""
        return self.takes

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `notes`, int32 `[batch, steps, voices, 2]`; see `notes_of_pieces`."""
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            losses = self.training_losses(batch["notes"])
        # Embedding gradients are made dense for the optimizer, whose moments update every row.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(losses["loss"], weights)]
        rate = tf.convert_to_tensor(self.adam.learning_rate)
        return losses | {"gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The negative ELBO of held-out `notes`; see `held_out_losses`."""
        return self.held_out_losses(batch["notes"])

    def nats(self, examples: Any, latents: Any, training: bool) -> Any:
        """-log p(excerpt | latent), summed over its cells: `[batch]`.

        Args:
            examples: `notes`, int32 `[batch, steps, voices, 2]`.
            latents: `[batch, latent_dim]`.
            training: whether dropout of activations and notes is active.
        """
        memory = self.conduct(latents, training=training)
        bars = by_bars(examples, self.recipe.music.bars)
        told = ops.reshape(memory, (-1, BAR, self.recipe.width))
        cells = cell_inputs(bars, told)
        if training and self.recipe.note_dropout:
            uniform = keras.random.uniform(ops.shape(cells["voice"]), seed=self.note_dropout_seed)
            known = ops.expand_dims(uniform >= self.recipe.note_dropout, -1)
            cells |= {name: ops.where(known, cells[name], NOTHING) for name in ("held", "age")}
        logits = self.sequence(cells, training=training)
        nats = next_symbol_nats(logits, targets(bars)[0])
        return ops.sum(ops.reshape(nats, (-1, self.recipe.music.bars * nats.shape[1])), axis=1)

    def prepared(self, inputs: Sequence[Piece]) -> np.ndarray:
        """`notes`, int32 `[count, steps, voices, 2]`, of excerpts."""
        return notes_of_pieces(list(inputs))

    def transform(self, inputs: Sequence[Piece], seed: int = 0, condition: Any = None) -> list[Piece]:
        """Reconstruct excerpts; nothing is sampled."""
        self.refuse_condition(condition)
        return self.decode(self.encode(inputs))

    def decode(self, latents: np.ndarray, condition: Any = None) -> list[Piece]:
        """Decode latents `[count, latent_dim]` greedily to excerpts."""
        self.refuse_condition(condition)
        return self._written(latents, LIKELIEST, 0)

    def generate(self, count: int, seed: int = 0, condition: Any = None, choice: Choice | None = None) -> list[Piece]:
        """New excerpts; see `Draws.generate`.

        Args:
            count: number of excerpts.
            seed: of latents and notes.
            condition: none is taken.
            choice: sampling settings.
        """
        self.refuse_condition(condition)
        return self._written(self.latents(count, seed), choice or Choice(), seed)

    def _written(self, latents: np.ndarray, choice: Choice, seed: int) -> list[Piece]:
        """Sample excerpts from latents, each with its own random generator."""
        pieces: list[Piece] = []
        for first in range(0, len(latents), _ROWS):
            some = latents[first : first + _ROWS].astype(np.float32)
            streams = [np.random.default_rng((seed, first + row)) for row in range(len(some))]
            cells = written(self.call_networks, self.composer, some, self.recipe, Chooser(choice, streams))
            pieces += [Piece(each, BAR, voices=self.recipe.music.voices) for each in cells]
        return pieces

    @property
    def composer(self) -> Composer:
        """A composer that uses the networks."""
        return composer_of(self.call_networks, self.networks)

    def call_networks(self, name: str, inputs: Arrays) -> Arrays:
        """`conduct` or `step`, arrays by name."""
        network: keras.Model = getattr(self.networks, name)
        given = [inputs[tensor.name] for tensor in network.inputs]
        answer = self.networks.compiled[name](given if len(given) > 1 else given[0])
        names = vae_exports.outputs_of(self.networks, name)
        return dict(zip(names, (tensor.numpy() for tensor in tf.nest.flatten(answer)), strict=True))

    def previews(self, source: ExcerptSource) -> dict[str, Preview | Clip]:
        """Samples, held-out excerpts with their reconstructions, and an interpolation between two of these."""
        samples, excerpts = self.generate(_PREVIEWED), source.inputs("validation", _PREVIEWED)
        ends = self.encode([excerpts[0], excerpts[-1]])
        (way,) = interpolation(self, ends[:1], ends[1:], _BETWEEN, linear)
        return {
            "samples": self.gives.show(samples),
            "samples_sound": self.gives.sound(samples),
            "reconstructions": self.gives.compare(excerpts, self.transform(excerpts)),
            "interpolation": self.gives.show(list(way)),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to generate with the file (docs/MOBILE.md)."""
        return exports.metadata(self.recipe.music.voices, BAR) | {"bars": self.recipe.music.bars}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates, interpolates and plays excerpts."""
        del source
        return [Panel("tunes", "step", {"prior": None, "conduct": "conduct"} | self.export_metadata())]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: excerpt -> latent; `conduct`: latent -> memory of each step; `step`: the next cell."""
        return vae_exports.signatures(self, source)


def composer_of(call: Any, networks: ExcerptNetworks) -> Composer:
    """A composer that uses the decoder, one bar at a time.

    Args:
        call: runs `step` of the networks, or of an exported file.
        networks: their states are kept.
    """
    return Composer(call, exports.state_shapes(networks), BAR, networks.feedback)


def written(call: Any, composer: Composer, latents: np.ndarray, recipe: MusicVAERecipe, choose: Choose) -> np.ndarray:
    """Decode latents to cells, int16 `[rows, steps, voices]`; the attention context is reset at each bar.

    Args:
        call: runs `conduct`.
        composer: runs `step`.
        latents: float32 `[rows, latent_dim]`.
        recipe: of the model.
        choose: samples the symbols.
    """
    memory = call("conduct", {"latent": latents})["memory"]
    blank = np.full((len(latents), recipe.music.steps, len(recipe.music.voices)), HOLD, np.int16)
    page = Page(Task(blank, np.zeros(blank.shape, bool), BAR))
    for at in range(0, recipe.music.steps, BAR):
        composer.fill(page, Hop(at, at, at + BAR), memory[:, at : at + BAR], choose)
    return page.cells.astype(np.int16)
