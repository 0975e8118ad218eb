"""Prints the memory that a .tflite file costs: `check_memory.py FILE`, one JSON object.

It is started as a file in a new process that loads only LiteRT and numpy, as a phone's program would.
"""

import json
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def peak_bytes() -> int | None:
    """The largest resident memory of this process so far; None where the system does not tell."""
    status = Path("/proc/self/status")  # getrusage would count the parent that started this process, too
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def main(path: str) -> None:
    """Load the file, call each signature a few times on zeros, and print what it took."""
    before = peak_bytes()
    interpreter = Interpreter(model_path=path, num_threads=1)
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        details = runner.get_input_details()
        inputs = {key: np.zeros(detail["shape"], detail["dtype"]) for key, detail in details.items()}
        for _ in range(5):
            runner(**inputs)
    after = peak_bytes()
    added = None if before is None or after is None else after - before
    print(json.dumps({"process_bytes": after, "added_by_file_bytes": added}))


if __name__ == "__main__":
    main(*sys.argv[1:])
