"""Run the app on this machine: a server and three clients in separate processes, one of which is killed.

    python run_local.py --kill-after 1

needs Flower and aigc_tf in the environment of this Python. The processes communicate over 127.0.0.1 only, without TLS.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
CLIENTS = 3
SERVER, FIRST_CLIENT = 9191, 9200  # ports
CONNECTION = f"""[superlink]
default = "here"

[superlink.here]
address = "127.0.0.1:{SERVER}"
insecure = true
"""


def main() -> int:
    """Start server and clients, the app, and after some rounds kill a client."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kill-after", type=int, default=1, help="rounds after which client 2 is killed")
    kill_after = parser.parse_args().kill_after
    with tempfile.TemporaryDirectory() as home, processes(home) as start:
        Path(home, "config.toml").write_text(CONNECTION)
        start("flower-superlink", "--insecure", "--disable-runtime-dependency-installation",
              "--host", "127.0.0.1", "--port", str(SERVER))  # fmt: skip
        wait_for(SERVER)
        clients = [
            start("flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{SERVER}",
                  "--host", "127.0.0.1", "--port", str(FIRST_CLIENT + number), "--node-config", f"number={number}")
            for number in range(CLIENTS)
        ]  # fmt: skip
        for number in range(CLIENTS):
            wait_for(FIRST_CLIENT + number)
        app = start("flwr", "run", str(FOLDER), "here", "--stream", stdout=subprocess.PIPE, text=True)
        for line in app.stdout:
            print(line, end="", flush=True)
            if f"after round {kill_after}:" in line:
                print(f"--- killing client {CLIENTS - 1} ---", flush=True)
                os.killpg(clients[-1].pid, signal.SIGKILL)
            if "Run finished" in line:
                return 0
        return app.wait()


def wait_for(port: int, seconds: float = 300.0) -> None:
    """Wait until a program listens on a port of this machine.

    Raises:
        TimeoutError: none does within this time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {port}") from None
            time.sleep(0.5)


@contextmanager
def processes(home: str) -> Iterator[Any]:
    """A function that starts a program in its own process group; all are terminated on exit."""
    running: list[subprocess.Popen] = []

    def start(name: str, *arguments: str, **options: Any) -> subprocess.Popen:
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"FLWR_HOME": home, "FLWR_TELEMETRY_ENABLED": "0", "PATH": path}
        quiet = {} if options else {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [str(PROGRAMS / name), *arguments]
        running.append(subprocess.Popen(command, env=environment, start_new_session=True, **quiet, **options))
        return running[-1]

    try:
        yield start
    finally:
        for process in reversed(running):  # the one that shows the log first
            with suppress(ProcessLookupError):  # its group has ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
