"""The effect of quantization on music models: perplexity of notes, changed cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.music.excerpts import ExcerptSource
from aigc_tf.data.music.rolls import pieces_of
from aigc_tf.data.music.source import MusicSource
from aigc_tf.export.quality.change import Call, checked, networks_of, relative_rise, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.families.gan.music import MusicGAN
from aigc_tf.families.music.composing import Arrays, Composer, Task
from aigc_tf.families.music.exports import state_shapes
from aigc_tf.families.music.model import MusicModel
from aigc_tf.families.music.vae import MusicVAE, composer_of, written
from aigc_tf.recipes.music import Music
from aigc_tf.recipes.music_gan import MusicGAN as MusicGANRecipe
from aigc_tf.recipes.music_vae import MusicVAE as MusicVAERecipe
from aigc_tf.recipes.pieces import BAR


def music_quality(
    model: MusicModel, source: MusicSource, recipe: Music, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Perplexity of held-out notes before and after quantization, cell by cell through the KV cache.

    For every second piece the highest voice is given.

    Args:
        model: the float networks.
        source: its `watched` part is used, since rejecting a file is a choice, and test pieces must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    window = recipe.music.window
    pieces = source.inputs("validation", recipe.export_limits.pieces)
    cells = np.stack([np.resize(piece.cells, (window, piece.cells.shape[1])) for piece in pieces])
    given = np.zeros(cells.shape, bool)
    given[1::2, :, 0] = cells.shape[2] > 1
    rows = runner.batch("step")
    count = -(-len(cells) // rows) * rows
    tasks = [
        Task(
            np.resize(cells, (count, *cells.shape[1:]))[at : at + rows],
            np.resize(given, (count, *cells.shape[1:]))[at : at + rows],
        )
        for at in range(0, count, rows)
    ]

    def networks(name: str, inputs: Arrays) -> Arrays:
        return model.call_networks(name, inputs)

    def error(call: Call) -> float:
        return perplexity(call, model, tasks)

    calls = checked(networks, lambda name, inputs: runner(name, **inputs))
    allowed = recipe.export_limits.of(quantize)
    return {"step": relative_rise("perplexity of held-out notes", error, calls, quantize, allowed)}


def perplexity(call: Call, model: MusicModel, tasks: list[Task]) -> float:
    """Perplexity of the cells of tasks that are not given, each conditioned on those before it.

    Args:
        call: runs `encode`, `step` and `prefill`.
        model: the model of the networks.
        tasks: with all cells filled in.
    """
    composer = Composer(call, state_shapes(model.networks), model.recipe.music.window, model.networks.feedback)
    readers = [Reader(task) for task in tasks]
    for reader in readers:
        composer.write(reader.task, reader)
    return perplexity_of(readers)


class Reader:
    """Teacher forcing: feeds a task's own cells and accumulates their negative log-likelihood.

    Args:
        task: with all cells filled in; those that are not given are scored.
    """

    def __init__(self, task: Task) -> None:
        self.task, self.nats, self.counted = task, 0.0, 0

    def __call__(self, logits: np.ndarray, step: int, voice: int) -> np.ndarray:
        """Logits `[rows, symbols]` -> symbols int `[rows]`."""
        symbols = self.task.cells[:, step, voice]
        shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        asked = ~self.task.given[:, step, voice]
        self.nats -= float(log_p[asked, symbols[asked]].sum())
        self.counted += int(asked.sum())
        return symbols


def perplexity_of(readers: Sequence[Reader]) -> float:
    """Perplexity over all cells that readers have scored."""
    return float(np.exp(sum(reader.nats for reader in readers) / sum(reader.counted for reader in readers)))


def excerpt_quality(
    model: MusicVAE, source: ExcerptSource, recipe: MusicVAERecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Perplexity of held-out excerpts given their posterior means, before and after quantization, in all signatures.

    Args:
        model: the float networks.
        source: its `watched` part is read.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    excerpts = source.inputs("validation", recipe.export_limits.pieces)
    rows = runner.batch("step")
    groups = [np.resize(np.arange(at, at + rows), rows) % len(excerpts) for at in range(0, len(excerpts), rows)]

    def error(call: Call) -> float:
        readers = []
        for group in groups:
            cells = np.stack([excerpts[index].cells for index in group])
            reader = Reader(Task(cells, np.zeros(cells.shape, bool), BAR))
            latents = call("encode", {"notes": model.prepared([excerpts[index] for index in group])})["mean"]
            written(call, composer_of(call, model.networks), latents, recipe, reader)
            readers.append(reader)
        return perplexity_of(readers)

    calls = checked(networks_of(model.signatures(source)), lambda name, inputs: runner(name, **inputs))
    allowed = recipe.export_limits.of(quantize)
    return {"step": relative_rise("perplexity of held-out notes", error, calls, quantize, allowed)}


def roll_quality(
    model: MusicGAN, source: ExcerptSource, recipe: MusicGANRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """The share of cells of generated excerpts that quantization changes.

    Args:
        model: the float networks.
        source: not used.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: it is larger than the recipe allows.
    """
    latents = {"latent": model.latents(recipe.export_limits.samples, 0)}
    networks, file = checked(networks_of(model.signatures()), runner.map)
    own, other = (
        np.stack([piece.cells for piece in pieces_of(call("generate", latents)["roll"], recipe)])
        for call in (networks, file)
    )
    change, limit = float((own != other).mean()), recipe.export_limits.of(quantize)
    measure = "share of cells that differ"
    message = f"quantize {quantize} changes {change:.1%} of the cells; export_limits.{quantize} allows {limit:.1%}"
    require_at_most(change, limit, message)
    return {"generate": {"measure": measure, "before": 0.0, "after": change, "change": change, "limit": limit}}
