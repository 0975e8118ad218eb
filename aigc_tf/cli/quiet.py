"""Filter known, harmless lines of TensorFlow's native libraries out of stderr; everything else passes."""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import time
from typing import TextIO, TypeGuard

NATIVE = 2
"""The file descriptor that native libraries write errors to."""
PATIENCE_SECONDS = 0.5
"""How long an exiting process waits for its last lines, which must not follow the shell's prompt."""
# What TensorFlow and LiteRT print on every machine, and no user can act on.
KNOWN = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR"
    rb"|oneDNN custom operations are on"
    rb"|This TensorFlow binary is optimized to use available CPU instructions"
    rb"|To enable the following instructions: .* rebuild TensorFlow"
    rb"|node_def_util\.cc:\d+\] NodeDef mentions attribute \w+ which is not in the op"
    rb"|remapper\.cc:\d+\] .*Mutation::Apply error"
    rb"|Could not find cuda drivers on your machine, GPU will not be used"
    rb"|INFO: Created TensorFlow Lite XNNPACK delegate for CPU"
)


def quiet() -> None:
    """From now on drop the `KNOWN` lines that native code writes to standard error.

    Python's own standard error is not affected. A separate process does the filtering, so that the last lines of a
    crashing process pass, too. Does nothing on systems without `fork`, where standard error was replaced (notebooks,
    tests), and when called again.
    """
    stream = sys.stderr
    if not hasattr(os, "fork") or stream is not sys.__stderr__ or not _is_native(stream):
        return
    outside = os.dup(NATIVE)
    reading, writing = os.pipe()
    filter_process = os.fork()
    if not filter_process:
        os.close(writing)
        _filter(reading, outside)
    os.close(reading)
    os.dup2(writing, NATIVE)
    os.close(writing)
    # A line is written at once, so that lines of the two processes do not mix.
    sys.stderr = open(outside, "w", buffering=1, encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115

    def end() -> None:
        os.dup2(outside, NATIVE)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not os.waitpid(filter_process, os.WNOHANG)[0] and time.monotonic() < deadline:
            time.sleep(0.001)

    atexit.register(end)


def _is_native(stream: TextIO | None) -> TypeGuard[TextIO]:
    if stream is None:
        return False
    try:
        return stream.fileno() == NATIVE
    except OSError:
        return False


def _filter(reading: int, outside: int) -> None:
    """Pass on lines until the pipe is closed, and end this process."""
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # meant for the main process, whose messages have to pass
        os.closerange(3, min(reading, outside))
        with open(reading, "rb") as lines:
            for line in lines:
                if not KNOWN.search(line):
                    os.write(outside, line)
        status = 0
    finally:
        os._exit(status)
