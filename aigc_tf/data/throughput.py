"""Throughput of the input pipeline alone; it should be twenty times what training consumes."""

from __future__ import annotations

import time
from collections.abc import Callable

from aigc_tf.data.images.source import ImageSource

_WARM_UP_BATCHES = 10


def images_per_second(
    source: ImageSource, batch_size: int, seconds: float = 3, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Images per second that the input pipeline delivers on its own.

    Args:
        source: read with `batches`, like in training.
        batch_size: images per batch.
        seconds: duration of the measurement.
        clock: returns seconds; `time.process_time` counts only CPU time, whatever else the machine does.
    """
    batches = iter(source.batches(batch_size, seed=0))
    for _ in range(_WARM_UP_BATCHES):
        next(batches)
    start = clock()
    count = 0
    while (elapsed := clock() - start) < seconds:
        next(batches)
        count += batch_size
    return count / elapsed
