"""Export of autoencoders of excerpts: encoder, conductor, and the decoder's step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.data.music.piece import MAX_AGE, Piece
from aigc_tf.families.base import Examples, Signature, TensorSpec
from aigc_tf.families.music import exports
from aigc_tf.families.music.cells import by_bars, cell_inputs
from aigc_tf.families.music.vae_networks import ExcerptNetworks
from aigc_tf.recipes.pieces import BAR

if TYPE_CHECKING:
    from aigc_tf.data.music.excerpts import ExcerptSource
    from aigc_tf.families.music.vae import MusicVAE


def outputs_of(networks: ExcerptNetworks, name: str) -> list[str]:
    """The names of the outputs of `conduct` or `step`, in order."""
    return ["memory"] if name == "conduct" else exports.outputs_of(networks, name)


def signatures(model: MusicVAE, source: ExcerptSource | None) -> dict[str, Signature]:
    """The signatures of a model.

    Args:
        model: the model.
        source: of real excerpts; without it, the model's samples are used.
    """
    networks, settings, latent = model.networks, model.recipe.music, (model.latent_dim,)
    meaning = f"the token sounding in each step and voice, and sixteenth notes since its onset, at most {MAX_AGE}"
    shape = (settings.steps, len(settings.voices), 2)
    memory = TensorSpec((settings.steps, model.recipe.width), "what each step gets from the latent")
    step = networks.step

    def notes(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"notes": model.prepared(_excerpts(model, source, count, seed))}

    def strange(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"notes": model.prepared(model.takes.strange(_excerpts(model, source, count, seed), seed))}

    def latents(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"latent": model.latents(count, seed)}

    return {
        "encode": Signature(
            model.encoder,
            {"notes": TensorSpec(shape, meaning, "int32")},
            {
                "mean": TensorSpec(latent, "of the latent given the excerpt"),
                "log_variance": TensorSpec(latent, "of the same, natural logarithm"),
            },
            notes,
            strange=strange,
        ),
        "conduct": Signature(
            networks.conduct,
            {"latent": TensorSpec(latent, "independent standard normal numbers, or a mean from `encode`")},
            {"memory": memory},
            latents,
        ),
        "step": Signature(
            step,
            {tensor.name: exports.spec_of(networks, "step", tensor, tensor.name) for tensor in step.inputs},
            {
                name: exports.spec_of(networks, "step", tensor, name)
                for name, tensor in zip(outputs_of(networks, "step"), step.outputs, strict=True)
            },
            _cells(model, notes),
            dict(networks.feedback),
            BAR * len(settings.voices),
            _cells(model, strange),
        ),
    }


def _excerpts(model: MusicVAE, source: ExcerptSource | None, count: int, seed: int) -> list[Piece]:
    found = model.generate(exports.PIECES, seed) if source is None else source.inputs("validation", count)
    return [found[index % len(found)] for index in range(count)]


def _cells(model: MusicVAE, notes: Examples) -> Examples:
    """Cells of bars in succession, with the memory of their excerpts' latents."""

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        some = notes(exports.PIECES, seed)["notes"]
        memory = model.call_networks("conduct", {"latent": model.posterior(some).mean})["memory"]
        cells = cell_inputs(by_bars(some, model.recipe.music.bars), memory.reshape(-1, BAR, memory.shape[-1]))
        flat = {name: np.asarray(values).reshape(-1, *values.shape[2:]) for name, values in cells.items()}
        states = exports.state_shapes(model.networks)
        return {name: np.resize(values, (count, *values.shape[1:])) for name, values in flat.items()} | {
            name: np.zeros((count, *shape), kind) for name, (shape, kind) in states.items()
        }

    return examples
