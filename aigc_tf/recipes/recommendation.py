"""Shared parts of the recommendation recipes (000 §3.10.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Count, ProperFraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import QuantizationLimits, Settings

FOLDS = 5


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RatingSettings(Settings):
    """Which ratings are read, what counts as liked, and which users are held out."""

    user: str | None = None
    """Name of the user column; None detects it."""
    item: str | None = None
    """Name of the item column."""
    rating: str | None = None
    """Name of the rating column; a table without one lists liked items only."""
    time: str | None = None
    """Name of the timestamp column, increasing numbers; only split `time` needs it."""
    items: str | None = None
    """A second CSV file with a row for each item: its number and its title, and the year if there is one."""
    at_least: float = 4.0
    """Lowest rating that counts as a like (implicit feedback)."""
    weak: ProperFraction = 0.25
    """Weight of training users' lower ratings, where likes count 1: users rate only items that they chose to see. 0
    ignores lower ratings. Those of held-out users are neither inputs nor targets."""
    min_items: Annotated[int, Field(ge=2)] = 5
    """Users who like fewer items are excluded."""
    min_users: PositiveInt = 5
    """Items liked by fewer training users are cold: nothing is learnt about them."""
    split: Literal["users", "time"] = "users"
    """Held-out users: a fifth by a hash (strong generalisation, Liang et al. 2018, §4.2), or the fifth whose first
    rating is the latest; then all later ratings of the others are excluded."""
    fold: Annotated[int, Field(ge=0, lt=FOLDS)] = 0
    """Which fifth is held out with split `users`."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RankingLimits(QuantizationLimits):
    """By how much quantizing may lower NDCG@100 on validation users; a file beyond it is not kept."""

    users: PositiveInt = 500
    """Users of the validation part to measure it on."""
    dynamic: NonNegativeFloat = 0.01
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.02
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(users=20, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recommending(Options):
    """Recommendations for a user who likes some items."""

    count: Count = 10
    """Number of recommended items."""
    why: bool = False
    """Explain each recommendation by the liked items whose removal lowers its logit most."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RecommendationRecipe(Recipe):
    """A recipe for a model that ranks items for users by what they like."""

    data: ClassVar[str] = "aigc_tf.data.ratings.opening:open_source"
    assets: ClassVar[Mapping[str, str]] = {"items": "aigc_tf.data.ratings.items:Items"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.ratings.ranking:HeldOutUsers",)
    chooses: ClassVar[str] = "aigc_tf.metrics.ratings.ranking:MissedGain"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.ranking:ranking_quality"
    transform_options: ClassVar[type] = Recommending

    ratings: RatingSettings = RatingSettings()
    average_users: PositiveInt | None = 3_000
    """Horizon, in training users, of the exponential moving average (EMA) of the weights; None keeps no EMA."""
    listed: PositiveInt = 100
    """Items that an exported file lists for a user, the best first; all if there are fewer."""
    export_limits: RankingLimits = RankingLimits()
