"""Marks of origin as one line of text, for file formats with a single comment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def comment_of(made_by: Mapping[str, str]) -> str:
    """A mark as JSON on one line."""
    return json.dumps(dict(made_by), ensure_ascii=False)


def mark_in(comment: str | bytes) -> Any:
    """What `comment_of` was made of; None if the comment is of another kind.

    Raises:
        ValueError: the comment begins as JSON and is none.
    """
    text = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else comment
    return json.loads(text) if text.startswith("{") else None
