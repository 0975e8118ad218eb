"""Exports a model as a static web page: the .tflite file, and LiteRT.js to run it in the browser."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.export import litert_js, reporting
from aigc_tf.export.graph import first_kernel
from aigc_tf.export.writer import REPORT, SAVED_MODEL, Export, HasSignatures, export, move_into_place
from aigc_tf.families.base import Signature
from aigc_tf.families.latent_space import factorised
from aigc_tf.families.pages import Panel
from aigc_tf.modalities.drawing import to_pil
from aigc_tf.storage.files import staging

TEMPLATE = Path(__file__).with_name("web_page")
PAGE, DESCRIPTION, LITERT, EXAMPLES = "index.html", "page.json", "litert", "examples"
DIRECTIONS = 8


class HasPage(HasSignatures, Protocol):
    """What the export of a page needs from a model; every `GenerativeModel` has it."""

    def page(self, source: Any = None) -> Sequence[Panel]:
        """The panels of the page: what a browser can do with the file."""


def export_web(
    model: HasPage,
    out: Path,
    *,
    title: str,
    facts: Mapping[str, str] | None = None,
    batch: int = 1,
    source: Any = None,
    **options: Any,
) -> Export:
    """Write a folder that any web server can serve as is: `index.html` has the panels that `model.page` returns.

    The folder gets the page, `page.json`, `model.tflite` and its `export.json`, and LiteRT.js; the page loads nothing
    from elsewhere. Like `export`, it leaves the folder unchanged on failure.

    Args:
        model: a model with panels.
        out: the output folder.
        title: the model's name on the page.
        facts: what the page says about it, such as the licence of its data.
        batch: 1, since the page generates one example at a time.
        source: as for `export`.
        options: further arguments of `export`.

    Returns:
        The path of `index.html`, and the report of the .tflite file.

    Raises:
        InputError: the model has no panels, `batch` is not 1, or LiteRT.js is not available.
        VerificationError: the exported file does not do what Keras does.
    """
    if batch != 1:
        raise InputError(f"batch is {batch}: a page generates one example at a time, choose 1")
    signatures, panels = model.signatures(source), model.page(source)
    if not panels:
        raise InputError(
            f"there is no page for this model: its signatures {', '.join(signatures)} have none of the panels that "
            "models of pictures and of text have. Choose format tflite"
        )
    archives = litert_js.fetch()
    out = Path(out)
    with staging(out) as folder:
        made = folder / "page"
        report = export(model, made, format="tflite", source=source, **options).report
        shutil.rmtree(made / SAVED_MODEL)
        shutil.copytree(TEMPLATE, made, dirs_exist_ok=True)
        litert_js.unpack(archives, made / LITERT)
        page = {
            "title": title,
            "facts": dict(facts or {}),
            "signatures": reporting.describe(signatures, batch),
            "panels": [_described(panel, signatures[panel.signature], made) for panel in panels],
        }
        (made / DESCRIPTION).write_text(json.dumps(page, ensure_ascii=False) + "\n", encoding="utf-8")
        report |= {"format": "web", "files": reporting.sizes(made)}
        (made / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        move_into_place(made, out, {SAVED_MODEL, EXAMPLES, *(entry.name for entry in made.iterdir())})
    return Export(out / PAGE, report)


def _described(panel: Panel, signature: Signature, folder: Path) -> dict[str, Any]:
    """A panel in the form of page.json; its examples are written into the folder."""
    described = {"module": panel.module, "signature": panel.signature, **panel.facts}
    if panel.moved is not None:
        prior = panel.facts.get("prior")
        factor = None if prior is None else np.asarray(prior["factor"])
        moving = directions(signature.network, factor, list(signature.inputs).index(panel.moved))
        described["directions"] = _numbers(moving)
    if panel.examples is not None:
        (folder / EXAMPLES).mkdir(exist_ok=True)
        described["examples"] = [f"{EXAMPLES}/{panel.signature}-{index}.png" for index in range(len(panel.examples))]
        for name, image in zip(described["examples"], panel.examples, strict=True):
            to_pil(image).save(folder / name)
    return described


def directions(network: keras.Model, factor: np.ndarray | None = None, position: int = 0) -> np.ndarray:
    """Orthonormal latent directions in the space of the normal numbers: float64 `[at most 8, their number]`.

    They change the output of the first dense layer most (`latent_space.factorised`). If the latent is not the input of
    a dense layer, the directions are the first of the numbers themselves.

    Args:
        network: a Functional model.
        factor: of the latent's prior, a matrix or its diagonal; None for the standard normal prior.
        position: index of the latent among the inputs.
    """
    latent = network.inputs[position]
    kernel = first_kernel(network, latent.name)
    if kernel is None:
        return np.eye(math.prod(latent.shape[1:]))[:DIRECTIONS]
    return factorised(kernel, factor)[0][:DIRECTIONS]


def _numbers(array: np.ndarray) -> list[Any]:
    """Numbers for JSON, in float32 precision."""
    return np.vectorize(lambda value: float(f"{value:.8g}"))(array).tolist()
