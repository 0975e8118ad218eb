"""A competitor in a separate process, with an interpreter that has its dependencies, such as PyTorch."""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError


class Rival:
    """A script in this folder that answers requests, one JSON object per line."""

    def __init__(self, python: Path, script: str, **first_request: Any) -> None:
        """
        Args:
            python: Python interpreter with torch and numpy; this project need not be installed there.
            script: file name.
            first_request: setup request; its answer contains the PyTorch version.
        """
        self.python = python
        self.process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name(script))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first = self.ask(**first_request)

    @property
    def version(self) -> str:
        """The PyTorch version."""
        return self.first["torch"]

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to a request; see the script's docstring for requests.

        Raises:
            InputError: the process has ended, for example because its interpreter has no PyTorch.
        """
        requests, answers = self.process.stdin, self.process.stdout
        if requests is None or answers is None:
            raise ValueError("the process has no pipes")
        with contextlib.suppress(BrokenPipeError):  # if the process has ended, there is no answer either
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
        with contextlib.suppress(BrokenPipeError):  # from unread requests
            self.process.communicate()
