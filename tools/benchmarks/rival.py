"""A competitor in a separate process, with an interpreter that has its dependencies, such as PyTorch."""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError


class Rival:
    """A script beside this file that answers requests, each one JSON object on a line."""

    def __init__(self, python: Path, script: str, **first_request: Any) -> None:
        """
        Args:
            python: an interpreter with torch and numpy; it need not have anything of this project.
            script: the file's name.
            first_request: makes it ready; its answer names the version of PyTorch.
        """
        self.python = python
        self.process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name(script))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self.ask(**first_request)["torch"]

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to a request; the script's own text says which there are.

        Raises:
            InputError: the process has ended: its interpreter has no PyTorch, for example.
        """
        requests, answers = self.process.stdin, self.process.stdout
        if requests is None or answers is None:
            raise ValueError("the process has no pipes")
        with contextlib.suppress(BrokenPipeError):  # a process that has ended gives no answer, either
            requests.write(json.dumps(request) + "\n")
            requests.flush()
        line = answers.readline()
        if not line:
            self.close()
            raise InputError(f"{self.python} gave no answer: name a Python that has torch and numpy")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        with contextlib.suppress(BrokenPipeError):  # of what it was told and did not read
            self.process.communicate()
