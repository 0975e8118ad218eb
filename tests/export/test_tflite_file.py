"""The programs tools/tflite_*.py run from a folder with only two copied files, without the repository."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.test_tflite_demo import ROOT
from tools.tflite_file import read_metadata, status_of

SHARED = ROOT / "tools" / "tflite_file.py"
PROGRAMS = sorted(path.name for path in SHARED.parent.glob("tflite_*.py") if path != SHARED)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_copied_program_refuses_a_damaged_file_in_one_line(name: str, tmp_path: Path):
    for path in (SHARED, SHARED.with_name(name)):
        shutil.copy(path, tmp_path)
    (tmp_path / "torn.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(40))
    (tmp_path / "photo.png").write_bytes(b"")
    beside = ["photo.png", "--out", "out.png"] if name == "tflite_restore.py" else []
    command = [sys.executable, "-I", "-c", _COPIED, name, "torn.tflite", *beside]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, input="a line\n")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("torn.tflite: ") and done.stderr.count("\n") == 1


# As `python NAME` in that folder, without access to the repository.
_COPIED = (
    "import runpy, sys\n"
    "for name in ('tensorflow', 'keras', 'aigc_tf', 'tools'): sys.modules[name] = None\n"
    "sys.path.insert(0, '.')\n"
    "sys.argv = sys.argv[1:]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


def test_metadata_of_a_damaged_file(tmp_path: Path):
    path = tmp_path / "torn.tflite"
    path.write_bytes(b"TFL3")
    with pytest.raises(ValueError, match=r"not a \.tflite file"):
        read_metadata(path)


def test_metadata_that_do_not_fit_are_said_in_one_line(capsys: pytest.CaptureFixture[str]):
    def work() -> None:
        raise KeyError("rate")

    assert status_of(Path("model.tflite"), work) == 2
    assert capsys.readouterr().err == "model.tflite: its metadata does not fit what it holds: KeyError('rate')\n"
