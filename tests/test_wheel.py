"""The wheel contains only the package, and works in a folder without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tools.check_wheel import ROOT, build, contents, programs


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with this environment's setuptools, without network access."""
    return build(tmp_path_factory.mktemp("wheel"), "--no-build-isolation", "--no-index")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the other packages of this environment."""
    path = tmp_path_factory.mktemp("environment")
    venv.create(path, symlinks=os.name != "nt")
    python = next(programs(path).glob("python*"))
    words = ["-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *words, "--no-deps", "--no-index", wheel], check=True)
    (packages,) = path.glob("[Ll]ib/**/site-packages")
    (packages / "others.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return path


def test_the_wheel_holds_the_package_alone_and_all_of_it(wheel: Path):
    files = (path for path in (ROOT / "aigc_tf").rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert contents(wheel) == {path.relative_to(ROOT).as_posix() for path in files}


def test_it_trains_samples_and_exports_from_another_folder(wheel: Path, environment: Path, tmp_path: Path):
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(program: str, *words: str | Path) -> str:
        done = subprocess.run(
            [programs(environment) / program, *words],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("python", "-c", "import aigc_tf, importlib.util as u; print(aigc_tf.__file__, u.find_spec('trainers'))")
    assert where.startswith(str(environment)) and where.endswith(" None\n")
    assert "aigc-tf COMMAND" in run("aigc-tf", "--help")
    assert run("aigc-tf", "--version") == f"aigc-tf {wheel.name.split('-')[1]}\n"
    run("aigc-tf", "train", "ar", "--steps", "2", "--run-dir", "saved_models/ar/one")
    sampled = run("python", "-m", "aigc_tf", "sample").strip()
    assert sampled.startswith("saved_models/ar/one/") and (tmp_path / sampled).is_file()
    exported = run("aigc-tf", "export").strip()
    assert (tmp_path / exported).is_file()
