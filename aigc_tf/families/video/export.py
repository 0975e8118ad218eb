"""What an exported file of a model of video holds: a network for squares of one size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aigc_tf.errors import InputError
from aigc_tf.families.base import Signature
from aigc_tf.families.pages import Panel
from aigc_tf.recipes.images import MAX_SIDE

if TYPE_CHECKING:
    from aigc_tf.families.video.model import VideoModel

SMALLEST_TILE = 16


class VideoExport:
    """A model of video as it is exported.

    Args:
        model: its network is used.
        side: height and width of what the file takes, in pixels.

    Raises:
        InputError: the network takes no squares of that size.
    """

    def __init__(self, model: VideoModel, side: int) -> None:
        granularity = model.recipe.granularity
        if side % granularity or not SMALLEST_TILE <= side <= MAX_SIDE:
            raise InputError(
                f"--tile is {side}: a {model.recipe.slug()} takes squares of {SMALLEST_TILE} to {MAX_SIDE} pixels, "
                f"multiples of {granularity}"
            )
        self.model, self.side = model, side

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """See `GenerativeModel.signatures`."""
        return {self.model.signature: self.model.signature_of(self.side, source)}

    def page(self, source: Any = None) -> list[Panel]:
        """Nothing yet."""
        del source
        return []

    def export_metadata(self) -> dict[str, Any]:
        """See `GenerativeModel.export_metadata`."""
        return self.model.export_metadata()
