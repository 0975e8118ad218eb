"""tools/tflite_demo.py runs where there is no TensorFlow, and draws what Keras would."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from aigc_tf.export import export
from aigc_tf.export.graph import run

DEMO = Path(__file__).parents[2] / "tools" / "tflite_demo.py"
# Only these may be there: importing anything of the rest is an error.
WITHOUT_TENSORFLOW = (
    "import runpy, sys\n"
    "for name in ('tensorflow', 'keras', 'aigc_tf', 'PIL'): sys.modules[name] = None\n"
    "sys.argv = sys.argv[1:]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, str(DEMO), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_draws_the_samples(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    path = export(small_generator, tmp_path / "out", batch=4).path
    finished = demo(path, "--count", 6, "--seed", 3, "--out", tmp_path / "samples.png")
    assert finished.returncode == 0, finished.stderr
    with Image.open(tmp_path / "samples.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * 28, 3 * 28)
    latents = np.random.default_rng(3).standard_normal((6, 16), dtype=np.float32)
    images = np.asarray(run(small_generator.signatures()["generate"].network, [latents])[0])[..., 0]
    expected = np.concatenate([np.concatenate(list(row), axis=1) for row in images.reshape(2, 3, 28, 28)])
    assert np.abs(pixels / 255 - expected).max() <= 0.5 / 255 + 1e-5


def test_a_file_that_cannot_be_used_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    for name in ("missing.tflite", "broken.tflite"):
        finished = demo(tmp_path / name, "--out", tmp_path / "samples.png")
        assert finished.returncode == 2
        assert name in finished.stderr and "Traceback" not in finished.stderr
