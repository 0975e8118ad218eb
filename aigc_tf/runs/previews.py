"""Preview files of a run: images or text, and for TensorBoard an event file per step."""

from __future__ import annotations

import re
from pathlib import Path

from aigc_tf.runs import paths

_STEP = re.compile(r"-(\d{8,})\.\w+$")


def by_step(run: Path) -> dict[int, list[Path]]:
    """The preview files of each step, in order."""
    found: dict[int, list[Path]] = {}
    for folder in (paths.SAMPLES, paths.EVENTS, paths.OLD_PREVIEW_EVENTS):
        for path in (run / folder).glob("*"):
            match = _STEP.search(path.name)
            if match:
                found.setdefault(int(match[1]), []).append(path)
    return dict(sorted(found.items()))


def latest(run: Path) -> Path | None:
    """The latest preview of samples, or if the model generates nothing its first preview; None if there is none."""
    shown = list(by_step(run).values())
    files = [file for file in sorted(shown[-1]) if file.parent.name == paths.SAMPLES] if shown else []
    return next((file for file in files if file.name.startswith("samples-")), files[0] if files else None)


def keep_last(run: Path, count: int) -> None:
    """Keep the previews of the last `count` steps that have some, and remove the others."""
    for files in list(by_step(run).values())[:-count]:
        for path in files:
            path.unlink()


def remove_after(run: Path, step: int) -> None:
    """Remove the previews of the steps after `step`."""
    for shown, files in by_step(run).items():
        if shown > step:
            for path in files:
                path.unlink()
