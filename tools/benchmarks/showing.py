"""Printing the results of a benchmark."""

from __future__ import annotations

import json
from typing import Any


def show(report: dict[str, Any], as_json: bool) -> None:
    """Print a report as JSON, on one line or indented."""
    print(json.dumps(report) if as_json else json.dumps(report, indent=2))
