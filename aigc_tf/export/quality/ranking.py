"""The effect of quantization on recommenders: NDCG@100 for validation users."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.ratings.source import RatingSource
from aigc_tf.data.source import evenly
from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.ratings.ranking import mean_ndcg
from aigc_tf.recipes.recommendation import RecommendationRecipe


def ranking_quality(
    model: Any, source: RatingSource, recipe: RecommendationRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """NDCG@100 before and after quantization.

    Args:
        model: the recommender.
        source: its `watched` users are used, since rejecting a file is a choice, and test users must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: it falls by more than the recipe allows.
    """
    limits = recipe.export_limits
    users = source.watched.only(evenly(len(source.watched), limits.users))
    given = np.asarray(users.given.toarray(), np.float32)

    def gain(call: Call) -> float:
        return mean_ndcg(np.asarray(call("recommend", {"liked": given})["scores"]), users)

    before, after = map(gain, checked(networks_of(model.signatures(source)), runner.map))
    allowed = limits.of(quantize)
    require_at_most(
        before - after,
        allowed,
        f"quantize {quantize} lowers NDCG@100 of {len(users)} validation users from {before:.3f} to {after:.3f}; "
        f"export_limits.{quantize} allows {allowed:g}",
    )
    return {
        "recommend": {
            "measure": f"NDCG@100 of {len(users)} validation users",
            "before": before,
            "after": after,
            "change": after - before,
            "limit": allowed,
        }
    }
