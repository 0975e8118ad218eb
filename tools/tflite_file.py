"""Shared functions of the programs tools/tflite_*.py: copy it with them. Needs numpy and ai-edge-litert."""

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

# Exceptions raised on damaged files, besides ValueError and OSError.
DAMAGE = (
    *(struct.error, LookupError, TypeError, AttributeError),
    *(OverflowError, RecursionError, MemoryError, EOFError, SyntaxError),
)


def read_metadata(file: Path) -> dict[str, Any]:
    """The JSON metadata that the export embedded in the file; empty if there is none.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        model = schema.Model.GetRootAs(file.read_bytes(), 0)
        for index in range(model.MetadataLength()):
            entry = model.Metadata(index)
            if entry.Name() == b"aigc_tf":
                return dict(json.loads(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()))
    except DAMAGE as error:
        raise ValueError("it is not a .tflite file that can be read") from error
    return {}


def status_of(file: Path, work: Callable[[], None]) -> int:
    """The exit status of `work`: 2, with a one-line message, if the file or an option cannot be used."""
    try:
        work()
    except (OSError, ValueError) as error:  # no such file; not a .tflite file; the program's own errors
        print(f"{file}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except DAMAGE as error:
        print(f"{file}: its metadata does not fit what it holds: {error!r}", file=sys.stderr)
        return 2
    return 0
