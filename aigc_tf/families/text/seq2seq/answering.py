"""A text-to-text model that answers in a conversation."""

from __future__ import annotations

from aigc_tf.families.tasks import Answers
from aigc_tf.families.text.seq2seq.model import Seq2Seq


class Answering(Seq2Seq, Answers):
    """Its sources are the latest turns of conversations, its targets the answers to them."""

    @property
    def turns(self) -> int:
        """The number of columns before the last."""
        columns = self.recipe.pairs.columns
        return 1 if columns is None else len(columns) - 1
