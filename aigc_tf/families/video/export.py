"""Export of video models: a network for squares of a fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aigc_tf.data.video.clip import RATE
from aigc_tf.errors import InputError
from aigc_tf.families.base import Signature
from aigc_tf.families.pages import Panel
from aigc_tf.recipes.images import MAX_SIDE

if TYPE_CHECKING:
    from aigc_tf.families.video.model import VideoModel

SMALLEST_TILE = 16
EXAMPLES = 4  # clips


class VideoExport:
    """An exported video model.

    Args:
        model: to export.
        side: height and width of the file's inputs, in pixels.

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
        """A panel from given to predicted frames; example clips are from public data sets only."""
        recipe, examples = self.model.recipe, None
        if source is not None and source.is_public and self.side == recipe.video.crop:
            given = self.model.given(source.inputs("test", EXAMPLES))
            examples = given.reshape(-1, *given.shape[2:])
        facts = {**self.model.page_facts, "rate": recipe.video.rate or RATE}
        return [Panel("frames", self.model.signature, facts, examples=examples)]

    def export_metadata(self) -> dict[str, Any]:
        """See `GenerativeModel.export_metadata`."""
        return self.model.export_metadata()
