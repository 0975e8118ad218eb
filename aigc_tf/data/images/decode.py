"""Decodes image files in parallel on all cores."""

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
_AT_ONCE = 512  # files whose images may wait in memory


class FleetingError(UnreadableError):
    """The system cannot read a file at the moment; it may be intact."""


def decode_files(
    files: Sequence[Path], decode: Callable[[bytes], np.ndarray]
) -> Generator[np.ndarray | UnreadableError]:
    """The image of each file in order, uint8 `[height, width, channels]`, or the reason why it cannot be read.

    Args:
        files: files to read.
        decode: one of `aigc_tf.data.images.prepare`.
    """

    def decoded(path: Path) -> np.ndarray | UnreadableError:
        try:
            if not path.is_file():  # reading a pipe would block
                return UnreadableError("a pipe, a device, a socket or a folder" if path.exists() else "no such file")
            return decode(path.read_bytes())
        except OSError as error:
            return FleetingError(error.strerror or str(error))
        except UnreadableError as error:
            return error

    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode") as pool:
        # Pillow warns about what it repairs, and about many pixels, of which decoding rejects too many.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        for start in range(0, len(files), _AT_ONCE):
            # If this is closed early, waiting files are not decoded.
            yield from pool.map(decoded, files[start : start + _AT_ONCE])
