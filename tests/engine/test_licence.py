"""Data licences: requested, recorded, and optionally required."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aigc_tf.cli.export import refuse_unknown_licence
from aigc_tf.data.source import licence_is_known
from aigc_tf.engine.training import open_source
from aigc_tf.errors import InputError
from aigc_tf.recipes.vae import VAE
from aigc_tf.runs.folder import read_object
from aigc_tf.runs.session import refuse_changes


@pytest.mark.parametrize(
    ("licence", "known"),
    [("the user's own", False), ("the user's own. Not for diagnosis", False), ("", False), ("see a page", False),
     ("CC BY 4.0", True), ("MIT, by Zalando", True)],
)  # fmt: skip
def test_what_counts_as_known(licence: str, known: bool):
    assert licence_is_known(licence) is known


def test_it_is_asked_for_and_kept(capsys: pytest.CaptureFixture[str]):
    images = np.random.default_rng(0).integers(0, 256, (60, 16, 16), np.uint8)
    assert open_source(VAE.tiny(), images).licence == "the user's own"
    assert (
        "warning: the licence of data given from Python is not known: name it with --licence" in capsys.readouterr().err
    )
    named = dataclasses.replace(VAE.tiny(), licence="CC BY 4.0")
    assert open_source(named, images).describe()["licence"] == "CC BY 4.0"
    assert "warning" not in capsys.readouterr().err
    refuse_changes(Path("run"), VAE.tiny(), named)  # it may be named later


def test_an_export_can_require_it(tmp_path: Path):
    def run(licence: str) -> SimpleNamespace:
        (tmp_path / "source.json").write_text(f'{{"name": "mine", "licence": "{licence}"}}')
        return SimpleNamespace(read_json=lambda file, **needed: read_object(tmp_path / file, **needed))

    refuse_unknown_licence(run("CC BY 4.0"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"the licence of mine is not known \(the user's own\): train with --licence"):
        refuse_unknown_licence(run("the user's own"))  # type: ignore[arg-type]
