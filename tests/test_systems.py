"""The package imports no POSIX-only modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Other packages may, depending on the system.
PROGRAM = """
import builtins, importlib, pkgutil
POSIX_ONLY = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "curses", "readline", "syslog", "posix"}
# They run in an environment of their own, with PyTorch.
ELSEWHERE = {f"tools.benchmarks.{name}" for name in ("nanogpt", "torch_dcgan", "torch_flow", "torch_seq2seq")}
OURS = ("aigc_tf", "tools", "trainers")
imported = builtins.__import__

def refusing(name, globals=None, *rest, **named):
    importer = (globals or {}).get("__name__", "")
    if name in POSIX_ONLY and importer.partition(".")[0] in OURS:
        raise ModuleNotFoundError(f"{importer} imports {name}, which Windows has not")
    return imported(name, globals, *rest, **named)

builtins.__import__ = refusing
count = 0
for package in map(importlib.import_module, OURS):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__") and module.name not in ELSEWHERE:
            importlib.import_module(module.name)
            count += 1
print(count)
"""


def test_every_module_can_be_imported_where_there_is_no_posix():
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 200
