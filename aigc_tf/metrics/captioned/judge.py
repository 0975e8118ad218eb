"""A judge of pictures and captions: a matching model from a different run than the model it judges."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.matching.model import Matcher
from aigc_tf.metrics.evaluator import Request


def judge_of(request: Request, model: Any) -> Matcher | None:
    """The judge that the option `judge` names, for pictures of the model's size; None if it names none.

    Raises:
        InputError: it is not a run of match, is for pictures of another size, or was trained with the same split.
    """
    name = request.options.get("judge")
    if name is None or request.opened is None:
        return None
    found, recipe = request.opened(name), model.recipe
    if not isinstance(found, Matcher):
        raise InputError(f"judge is {name}, which is a run of {found.name}: name one of match")
    if found.recipe.images.shape != recipe.images.shape:
        sizes = ["x".join(map(str, each.images.shape)) for each in (found.recipe, recipe)]
        raise InputError(f"judge is {name}, of pictures of {sizes[0]}: name a run of match with pictures of {sizes[1]}")
    if found.recipe.words.split == recipe.words.split:
        raise InputError(
            f"judge is {name}, which lacks the same combinations (words.split {recipe.words.split}): train it with "
            f"--words.split {recipe.words.split + 1} and another seed"
        )
    return found


def in_words(judge: Matcher, request: Request) -> dict[str, Any]:
    """A description of the judge, for protocols."""
    recipe = judge.recipe
    return {"judge": f"{request.options['judge']}: match, seed {recipe.seed}, words.split {recipe.words.split}"}


def mean_fit(judge: Matcher, pictures: np.ndarray, texts: list[str]) -> float:
    """The mean cosine between each picture and its text."""
    return float((judge.of_pictures(pictures) * judge.of_words(texts)).sum(axis=1).mean())
