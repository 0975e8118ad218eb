"""Provenance marks as one line of text, for file formats with a single comment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def comment_of(made_by: Mapping[str, str]) -> str:
    """A mark as JSON on one line."""
    return json.dumps(dict(made_by), ensure_ascii=False)


def mark_in(comment: str | bytes) -> Any:
    """The mark that `comment_of` wrote; None if the comment is something else.

    Raises:
        ValueError: the comment begins like JSON but is invalid.
    """
    text = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else comment
    return json.loads(text) if text.startswith("{") else None
