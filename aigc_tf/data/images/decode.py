"""Image files decoded on all cores."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from aigc_tf.errors import UnreadableError
from aigc_tf.recipes.images import PICTURE_ENDINGS

SUFFIXES = PICTURE_ENDINGS
_AT_ONCE = 512  # files whose images may wait to be used: few enough to be held in memory


class FleetingError(UnreadableError):
    """The system cannot read a file now; it may be sound."""


def decode_files(
    files: Sequence[Path], decode: Callable[[bytes], np.ndarray]
) -> Generator[np.ndarray | UnreadableError]:
    """The image of each file in turn, uint8 `[height, width, channels]`, or what is wrong with the file.

    Args:
        files: to read.
        decode: one of `aigc_tf.data.images.prepare`.
    """

    def decoded(path: Path) -> np.ndarray | UnreadableError:
        try:
            if not path.is_file():  # a pipe would be waited for
                return UnreadableError("a pipe, a device, a socket or a folder" if path.exists() else "no such file")
            return decode(path.read_bytes())
        except OSError as error:
            return FleetingError(error.strerror or str(error))
        except UnreadableError as error:
            return error

    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode") as pool:
        # Pillow comments on what it repairs by itself, and on many pixels, of which decoding refuses too many.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        for start in range(0, len(files), _AT_ONCE):
            # When this is closed early, files that wait are not decoded.
            yield from pool.map(decoded, files[start : start + _AT_ONCE])
