"""How fast the pipeline is by itself; it should be twenty times what training consumes."""

from __future__ import annotations

import time
from collections.abc import Callable

from aigc_tf.data.images.source import ImageSource

_WARM_UP_BATCHES = 10


def images_per_second(
    source: ImageSource, batch_size: int, seconds: float = 3, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Training images per second that the pipeline delivers while nothing else is done with them.

    Args:
        source: read through `batches`, as training does.
        batch_size: images in a batch.
        seconds: how long to measure.
        clock: what tells the seconds; `time.process_time` counts the work alone, whatever else the machine does.
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
