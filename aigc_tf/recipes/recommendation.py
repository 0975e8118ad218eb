"""What the recipes of all models of ratings share (000 §3.10.5)."""

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
    """Which ratings are read, what counts as liked, and who is held out."""

    user: str | None = None
    """Name of the column of users; None recognises it."""
    item: str | None = None
    """Name of the column of items."""
    rating: str | None = None
    """Name of the column of ratings; a table without one holds what was liked alone."""
    time: str | None = None
    """Name of the column of times, numbers that grow; only split `time` needs it."""
    items: str | None = None
    """A second CSV file with a row for each item: its number and its title, and the year if there is one."""
    at_least: float = 4.0
    """Ratings from this on mean that the item is liked (implicit feedback)."""
    weak: ProperFraction = 0.25
    """What lower ratings of training users count, where liked items count 1: to rate an item somebody has chosen to see
    it. 0 leaves them out. Nothing of the kind is given or asked for of held-out users."""
    min_items: Annotated[int, Field(ge=2)] = 5
    """Users who like fewer items are left out."""
    min_users: PositiveInt = 5
    """Items that fewer training users like are cold: nothing is learnt of them."""
    split: Literal["users", "time"] = "users"
    """Who is held out: a fifth of the users by a hash (strong generalisation, Liang et al. 2018, §4.2), or the fifth
    whose first rating is the latest, and all that others rated after that moment is left out."""
    fold: Annotated[int, Field(ge=0, lt=FOLDS)] = 0
    """Which fifth, of split `users`."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RankingLimits(QuantizationLimits):
    """By how much quantizing may lower NDCG@100 on validation users; a file beyond it is not kept."""

    users: PositiveInt = 500
    """Of the validation part, on whom it is measured."""
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
    """What is recommended to whom likes some items."""

    count: Count = 10
    """Items that are recommended."""
    why: bool = False
    """Say which of the liked items speak most for each: those without which its logit falls."""


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
    """Lists are made with a moving average (EMA) of the weights over so many users of training; None keeps none."""
    listed: PositiveInt = 100
    """Items that an exported file lists for a user, the best first; all if there are fewer."""
    export_limits: RankingLimits = RankingLimits()
