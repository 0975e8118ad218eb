"""Prints the memory use of a .tflite file: `check_memory.py FILE`, one JSON object.

It runs as a script in a new process that loads only LiteRT and numpy, as an app on a phone would, with one example as
the batch; heights and widths that may vary are set to `ANY_SIZE`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

ANY_SIZE = 256


def peak_bytes() -> int | None:
    """Peak resident memory of this process so far; None where the system does not report it."""
    status = Path("/proc/self/status")  # getrusage would include the parent that started this process
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def tried_shape(detail: dict[str, Any]) -> np.ndarray:
    """An input shape to run the file with."""
    wanted = detail["shape_signature"]
    some = np.where(np.arange(len(wanted)) == 0, 1, ANY_SIZE)  # the batch size may vary as well
    return np.where(wanted == -1, some, wanted)


def main(path: str) -> None:
    """Load the file, call each signature a few times on zeros, and print the memory used."""
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
