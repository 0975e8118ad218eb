"""The cost of training: seconds, CPU time, energy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.progress import Progress

WATTS = 10.0
"""Assumed power of a busy CPU core where energy counters cannot be read."""
COUNTERS = Path("/sys/class/powercap")
"""Linux: a folder for each CPU package, with its energy by RAPL (Running Average Power Limit)."""
_MICRO, _HOUR = 1e6, 3600.0


class _Counter(NamedTuple):
    """The energy counter of a package, in microjoules; wraps around after `range`."""

    file: Path
    range: int


class Meter:
    """Measures the CPU time of this process and the energy of all CPUs since its creation.

    Args:
        counters: the folder of the energy counters.
    """

    def __init__(self, counters: Path = COUNTERS) -> None:
        self._began = time.process_time()
        self._counters = _readable(counters)
        self._last = [_read(counter.file) for counter in self._counters]
        self._microjoules = 0

    def processor_seconds(self) -> float:
        """CPU time of all threads together."""
        return time.process_time() - self._began

    def joules(self) -> float:
        """Energy in joules; 0 where no counter can be read. Call it before counters wrap around, within minutes."""
        now = [_read(counter.file) for counter in self._counters]
        for counter, before, after in zip(self._counters, self._last, now, strict=True):
            self._microjoules += (after - before) % counter.range
        self._last = now
        return self._microjoules / _MICRO


def _readable(folder: Path) -> list[_Counter]:
    """The counters of whole packages; on most systems only the administrator may read them."""
    found = []
    for package in sorted(folder.glob("intel-rapl:*")):
        if package.name.count(":") > 1:  # a part of a package
            continue
        try:
            _read(package / "energy_uj")
            found.append(_Counter(package / "energy_uj", _read(package / "max_energy_range_uj") + 1))
        except OSError:
            return []
    return found


def _read(file: Path) -> int:
    return int(file.read_text())


def cost_of(path: Path, step: int, quality_name: str) -> str:
    """The cost of a run's training up to a checkpoint, in a sentence; empty for runs that did not record it.

    Args:
        path: of the run.
        step: of the checkpoint.
        quality_name: name of the figure that picks the best checkpoint.
    """
    from aigc_tf.runs.recovery import recorded_progress  # imports TensorFlow

    file = checkpoints.path_of(path / paths.CHECKPOINTS, step)
    if not file.is_file():
        return ""
    return in_words(recorded_progress(file, checkpoints.read_metadata(file)[0], quality_name))


def in_words(progress: Progress) -> str:
    """Seconds, CPU seconds and watt-hours; empty if they were not recorded."""
    if not progress.processor_seconds:
        return ""
    hours = (progress.joules or WATTS * progress.processor_seconds) / _HOUR
    how = (
        "by the processors' energy counters, with everything else that they ran; graphics cards are not counted"
        if progress.joules
        else f"an estimate: {WATTS:g} W for a busy processor core; graphics cards are not counted"
    )
    return (
        f"It took {progress.seconds:,.0f} s of training and {progress.processor_seconds:,.0f} s of processor time, "
        f"measuring and previews included, and {hours:.2g} Wh of energy ({how})."
    )
