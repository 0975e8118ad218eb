"""Temporal grounding of captions: distance of found moments to the truth, compared with simple methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from aigc_tf.data.moments.grams import grams_of
from aigc_tf.data.source import PartName
from aigc_tf.metrics.distances import squared_distances
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import as_brightness

if TYPE_CHECKING:
    from aigc_tf.data.moments.source import CaptionedClip, CaptionedPictures, MomentSource
    from aigc_tf.families.alignment.model import Aligner
    from aigc_tf.recipes.align import Align

MAX_CLIPS = 500
CHANCE, MIDDLE = "chance", "the middle of the clip"
NEAREST = "the frame most like the picture of the nearest training caption (TF-IDF)"
_SHOWN = 4


class MomentsFound(Evaluator):
    """Temporal localisation of captions in clips of held-out pictures.

    Figures, means over captions, compared with a random frame, the middle of the clip, and the frame nearest in pixels
    to the picture of the training caption with the highest TF-IDF cosine:

    - frame_error: distance in frames between the middles of the found and the true moment, lower is better;
    - found: share of captions whose found middle lies in the true moment, higher is better.
    """

    def measure(self, model: Aligner, source: MomentSource, recipe: Align, request: Request) -> Measurement:
        """Measured on `request.samples` clips of the part, at most 500; see `Evaluator.measure`."""
        clips = source.inputs(request.part, min(request.samples, MAX_CLIPS))
        truth = np.concatenate([clip.places for clip in clips])
        moments = [moment for found in model.transform(clips) for moment in found]
        middles = {
            "model": np.array([(moment.first + moment.last) / 2 for moment in moments]),
            MIDDLE: np.full(len(truth), (recipe.frames - 1) / 2),
            NEAREST: nearest_frames(clips, source.train, recipe),
        }
        found = {name: likeness(places, truth) for name, places in middles.items()}
        everywhere = [likeness(np.full(len(truth), float(place)), truth) for place in range(recipe.frames)]
        found[CHANCE] = {name: float(np.mean([one[name] for one in everywhere])) for name in everywhere[0]}
        own = found.pop("model")
        better: dict[str, Any] = {"frame_error": "lower", "found": "higher"}
        figures = {
            name: Figure(own[name], way, {other: values[name] for other, values in found.items()})
            for name, way in better.items()
        }
        protocol = {
            "clips": f"{len(clips)} of {recipe.frames} frames and {recipe.scenes} pictures of the {request.part} part "
            f"({source.split_in_words(request.part)})",
        }
        rows = rows_of(np.stack([clip.frames for clip in clips[:_SHOWN]]))
        caption = "; ".join(", ".join(map(str, model.transform(clips[:1])[0])).split("\n"))
        return Measurement(figures, protocol, {"clips": Picture(rows, f"Clips; found in the first: {caption}.")})


class MomentError(Chooser):
    """`frame_error` of `MomentsFound`."""

    name = "frame_error"

    def value(self, model: Any, source: Any, recipe: Any, samples: int, part: PartName) -> float:
        """Measured on at most 500 clips of the part."""
        clips = source.inputs(part, min(samples, MAX_CLIPS))
        middles = [(moment.first + moment.last) / 2 for found in model.transform(clips) for moment in found]
        return likeness(np.array(middles), np.concatenate([clip.places for clip in clips]))["frame_error"]


def likeness(middles: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The figures of `MomentsFound`, from found middles `[captions]` and true first and last frames `[captions, 2]`."""
    inside = (truth[:, 0] - 0.5 <= middles) & (middles <= truth[:, 1] + 0.5)
    return {"frame_error": float(np.abs(middles - truth.mean(axis=1)).mean()), "found": float(inside.mean())}


def nearest_frames(clips: Sequence[CaptionedClip], known: CaptionedPictures, recipe: Align) -> np.ndarray:
    """For each caption of clips, the frame nearest to the picture of the nearest known caption: `[captions]`."""
    captions = [caption for clip in clips for caption in clip.captions]
    pictures = as_brightness(known.pictures[nearest_captions(captions, known.captions, recipe)]).astype(np.float64)
    found, start = [], 0
    for clip in clips:
        wanted = pictures[start : start + len(clip.captions)].reshape(len(clip.captions), -1)
        frames = as_brightness(clip.frames).astype(np.float64).reshape(len(clip.frames), -1)
        found.append(squared_distances(wanted, frames).argmin(axis=1))
        start += len(clip.captions)
    return np.concatenate(found).astype(np.float64)


def nearest_captions(captions: Sequence[str], known: Sequence[str], recipe: Align) -> np.ndarray:
    """Indices of the known captions with the highest TF-IDF cosine (Salton & Buckley 1988): `[captions]`."""
    counts = _counts(known, recipe)
    idf = np.log((1 + len(known)) / (1 + (counts > 0).sum(axis=0).A1)) + 1
    weights, wanted = (_unit(matrix.multiply(idf).tocsr()) for matrix in (counts, _counts(captions, recipe)))
    places: np.ndarray = (wanted @ weights.T).toarray().argmax(axis=1)
    return places


def _counts(captions: Sequence[str], recipe: Align) -> Any:
    grams = grams_of(captions, recipe.grams, recipe.buckets)
    rows, places = np.nonzero(grams)
    shape = (len(captions), recipe.buckets + 1)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, grams[rows, places])), shape=shape)


def _unit(matrix: Any) -> Any:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.diags(1 / np.maximum(lengths, 1e-12)) @ matrix
