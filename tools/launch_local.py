"""Start several workers of one run on this machine, to test multi-worker training locally (docs/SCALING.md).

    python tools/launch_local.py --workers 2 -- python -m trainers.dcgan --strategy multi_worker

TF_CONFIG tells every worker the addresses of the others, at free ports. Its output is prefixed with its number; 0 is
the chief. SIGINT and SIGTERM are passed on. When a worker fails the others are terminated, and its exit status is
returned.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Thread
from typing import IO

# Grace period for the others after a worker has failed or was interrupted: the chief may be saving.
GRACE_SECONDS = 30.0
# Multi-worker steps run in a TensorFlow thread, whose memory glibc returns to the system after each operation and
# faults in again page by page: use one retained pool for all threads, in huge pages (docs/SCALING.md).
MEMORY_IS_KEPT = ":".join(
    f"glibc.malloc.{name}={value}"
    for name, value in {"arena_max": 1, "trim_threshold": 2**32, "mmap_threshold": 2**25, "hugetlb": 1}.items()
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the workers and wait for them; returns the exit status."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python tools/launch_local.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2, help="number of workers (default: 2)")
    parser.add_argument("--threads", type=int, help="threads of each worker (default: all)")
    parser.add_argument("command", nargs="+", help="the command of each worker, after --")
    given = parser.parse_args(arguments)
    if given.workers < 1 or (given.threads is not None and given.threads < 1):
        parser.error("--workers and --threads are at least 1")
    return run(given.command, environments(given.workers, given.threads))


def environments(workers: int, threads: int | None) -> list[dict[str, str]]:
    """The environment variables of each worker."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(workers)]}
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    limits = {} if threads is None else dict.fromkeys(names, str(threads))
    shared = {"GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", MEMORY_IS_KEPT)} | limits
    return [
        {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": number}})} | shared
        for number in range(workers)
    ]


def free_ports(count: int) -> list[int]:
    """Distinct free ports of this machine."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


class Worker:
    """A process whose output lines are prefixed with its number."""

    def __init__(self, number: int, command: Sequence[str], settings: dict[str, str]) -> None:
        self.prefix = f"[{number}] "
        self.process = subprocess.Popen(
            command,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,  # carriage returns also end lines
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches it only through this program, once
        )
        pipes = ((self.process.stdout, sys.stdout), (self.process.stderr, sys.stderr))
        self.readers = [Thread(target=self.show, args=pipe) for pipe in pipes]
        for reader in self.readers:
            reader.start()

    def show(self, source: IO[str], target: IO[str]) -> None:
        """Copy output lines until there are no more."""
        for line in source:
            target.write(self.prefix + line)
            target.flush()

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it is running, and to its children."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def run(command: Sequence[str], environments: Sequence[dict[str, str]]) -> int:
    """Start a worker in each environment, and wait for all; returns the exit status of the first that failed, or 0."""
    workers: list[Worker] = []
    passed_on: list[int] = []

    def pass_on(number: int, frame: object) -> None:
        passed_on.append(number)
        for worker in workers:
            worker.signal(number)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    for number, settings in enumerate(environments):
        if not passed_on:
            workers.append(Worker(number, command, settings))
    failure, deadline = 0, float("inf")
    while True:
        statuses = [worker.process.poll() for worker in workers]
        if not failure and any(statuses):
            failure, deadline = next(filter(None, statuses)), time.monotonic() + GRACE_SECONDS
            if not passed_on:  # interrupted workers exit by themselves
                for worker in workers:
                    worker.signal(signal.SIGTERM)
        if None not in statuses:
            break
        if time.monotonic() > deadline:
            for worker in workers:
                worker.signal(signal.SIGKILL)
        time.sleep(0.05)
    for worker in workers:
        for reader in worker.readers:
            reader.join()
    return failure if failure >= 0 else 128 - failure


if __name__ == "__main__":
    sys.exit(main())
