"""The notebook runs from its first cell to its last, quietly."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

SMALL = """
import dataclasses
import aigc_tf
from aigc_tf.recipes.images import ImageSettings

recipe = dataclasses.replace(aigc_tf.recipes.ConvVAE.tiny(), images=ImageSettings())
seconds, samples = 1, 100
"""
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """The executed notebook, with a few seconds of training and few samples."""
    notebook = nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "it is kept without outputs"
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source = SMALL
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
        nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == kind]


def test_shows_pictures_figures_and_the_file(executed: nbformat.NotebookNode):
    results = [output.data for output in outputs(executed, "execute_result")]
    assert sum("image/png" in data for data in results) == 3
    after_training, measured, continued = [data["text/html"] for data in results if "text/html" in data]
    assert "data:image/png;base64," in after_training and "not measured yet" in after_training
    assert "<td>frechet_distance</td>" in measured
    assert "step" in continued
    assert any("conv_vae" in data["text/plain"] and "PosixPath" in data["text/plain"] for data in results)


def test_says_little(executed: nbformat.NotebookNode):
    said = "".join(output.text for output in outputs(executed, "stream"))
    lines = [line.rpartition("\r")[2] for line in said.splitlines()]
    assert [line for line in lines if "WARNING" in line or "retracing" in line] == []
    assert len(lines) < 40, said
