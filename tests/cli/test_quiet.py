"""Known messages of native libraries are suppressed; all other output passes, including the last lines at exit."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aigc_tf.cli.quiet import KNOWN

ROOT = Path(__file__).parents[2]
GREETING = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
BEGIN = "import os, sys; from aigc_tf.cli.quiet import quiet; quiet(); "


def said(program: str, **options: object) -> tuple[int, list[str]]:
    command = [sys.executable, "-c", BEGIN + program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, **options)
    return done.returncode, done.stderr.splitlines()


def test_only_known_lines_are_dropped():
    program = f"os.write(2, b'one\\n{GREETING}\\ntwo\\n'); print('three', file=sys.stderr); os.write(2, b'no end')"
    status, lines = said(program)
    assert status == 0 and sorted(lines) == ["no end", "one", "three", "two"]


def test_the_last_words_of_a_crash_pass():
    status, lines = said("os.write(2, b'F0000 check failed\\n'); os.abort()")
    assert status == -signal.SIGABRT and lines == ["F0000 check failed"]


def test_tracebacks_and_exit_statuses_pass():
    status, lines = said("raise ValueError('wrong')")
    assert status == 1 and lines[-1] == "ValueError: wrong"
    assert said("sys.exit(130)") == (130, [])


def test_a_process_that_goes_on_does_not_hold_up_the_end():
    """Workers and trackers inherit the descriptor and may outlive the process."""
    began = time.monotonic()
    program = "import subprocess; subprocess.Popen(['sleep', '20'], stdout=subprocess.DEVNULL, stderr=os.dup(2))"
    command = [sys.executable, "-c", BEGIN + program]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=True)
    assert time.monotonic() - began < 15


def test_a_terminal_stays_one():
    """Progress bars check this."""
    ours, theirs = pty.openpty()
    program = BEGIN + "print(sys.stderr.isatty(), file=sys.stderr)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, stderr=theirs, timeout=60, check=True)
    assert os.read(ours, 100).split() == [b"True"]
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("E0000 00:00:17.2 27 node_def_util.cc:682] NodeDef mentions attribute Truncate which is not in the op", True),
        ("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR", True),
        ("2026-11-28 20:00:00.1: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on. You may", True),
        ("W0000 cpu_allocator_impl.cc:84] Allocation of 1572864000 exceeds 10% of free system memory.", False),
        ("Fatal Python error: Segmentation fault", False),
    ],
)
def test_what_is_known(line: str, known: bool):
    assert bool(KNOWN.search(line.encode())) == known
