"""Build the wheel, install it into fresh environments, and use it from another folder: train, sample, export.

    python -m tools.check_wheel                                          # with this Python
    python -m tools.check_wheel python3.11 python3.12 python3.13         # with others, by name or path

Each environment is created from scratch and downloads the wheel's dependencies, TensorFlow included: some minutes for
each Python. Commands and their output are shown; the first command that fails ends it with status 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = ("pyproject.toml", "README.md", "LICENSE")
COMMANDS = (
    "aigc-tf --version",
    "aigc-tf train dcgan --source fashion_mnist_10k --steps 40",
    "aigc-tf sample --count 16 --out samples.png",
    "aigc-tf export",
)


def build(folder: Path, *options: str) -> Path:
    """Build the wheel of this checkout.

    Args:
        folder: output folder.
        options: further options of `pip wheel`.
    """
    with tempfile.TemporaryDirectory() as name:  # leftovers of older builds in the checkout would go into the wheel
        copy = Path(name)
        shutil.copytree(ROOT / "aigc_tf", copy / "aigc_tf", ignore=shutil.ignore_patterns("__pycache__"))
        for file in FILES:
            shutil.copy(ROOT / file, copy)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, *options, "--wheel-dir", folder, copy], check=True)
    (wheel,) = folder.glob("aigc_tf-*.whl")
    return wheel


def contents(wheel: Path) -> set[str]:
    """The files in a wheel, except its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def programs(environment: Path) -> Path:
    """The folder of an environment's executables."""
    return environment / ("Scripts" if os.name == "nt" else "bin")


def use(environment: Path, folder: Path, commands: Sequence[str] = COMMANDS) -> None:
    """Run commands of an environment in a folder, and show their output.

    Raises:
        subprocess.CalledProcessError: one of them fails.
    """
    variables = os.environ | {"PATH": os.pathsep.join((str(programs(environment)), os.environ["PATH"]))}
    variables.pop("PYTHONPATH", None)
    for command in commands:
        print(f"$ {command}", flush=True)
        program, *words = command.split()
        found = shutil.which(program, path=str(programs(environment)))
        subprocess.run([found or program, *words], cwd=folder, env=variables, check=True)


def check(python: str, wheel: Path, folder: Path) -> None:
    """Install a wheel into a fresh environment of a Python, and use it."""
    started = time.monotonic()
    environment, elsewhere = folder / "environment", folder / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([python, "-m", "venv", environment], check=True)
    use(environment, elsewhere, ("python --version", f"pip install --quiet --disable-pip-version-check {wheel}"))
    print(f"installed in {time.monotonic() - started:.0f} s", flush=True)
    use(environment, elsewhere)
    print(f"all of it in {time.monotonic() - started:.0f} s", flush=True)


def main() -> int:
    """Run the check; returns 1 if a command failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", default=[sys.executable], help="their names or paths (default: this one)")
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as name:
            wheel = build(Path(name))
            for number, python in enumerate(given.pythons):
                folder = Path(name, str(number))
                folder.mkdir()
                check(python, wheel, folder)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"check_wheel: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
