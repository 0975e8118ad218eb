"""Prints the memory that a .tflite file costs: `check_memory.py FILE`, one JSON object.

It is started as a file in a new process that loads only LiteRT and numpy, as a phone's program would.
It is shown one example; heights and widths of any size are `ANY_SIZE`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

ANY_SIZE = 256


def peak_bytes() -> int | None:
    """The largest resident memory of this process so far; None where the system does not tell."""
    status = Path("/proc/self/status")  # getrusage would count the parent that started this process, too
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def tried_shape(detail: dict[str, Any]) -> np.ndarray:
    """The shape of an input to try a file with."""
    wanted = detail["shape_signature"]
    some = np.where(np.arange(len(wanted)) == 0, 1, ANY_SIZE)  # the batch may be of any size, too
    return np.where(wanted == -1, some, wanted)


def main(path: str) -> None:
    """Load the file, call each signature a few times on zeros, and print what it took."""
    before = peak_bytes()
    interpreter = Interpreter(model_path=path, num_threads=1)
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        details = runner.get_input_details()
        inputs = {key: np.zeros(tried_shape(detail), detail["dtype"]) for key, detail in details.items()}
        for _ in range(5):
            runner(**inputs)
    after = peak_bytes()
    added = None if before is None or after is None else after - before
    print(json.dumps({"process_bytes": after, "added_by_file_bytes": added}))


if __name__ == "__main__":
    main(*sys.argv[1:])
