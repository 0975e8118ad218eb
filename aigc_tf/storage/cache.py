"""Where files that can be made again are kept between runs."""

import os
from pathlib import Path


def cache_folder(name: str) -> Path:
    """The folder `name` inside the project's cache, made if need be.

    The cache is `$AIGC_TF_CACHE`, or `aigc_tf` in `$XDG_CACHE_HOME` or `~/.cache`.
    """
    base = os.environ.get("AIGC_TF_CACHE")
    root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "aigc_tf"
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
