"""Exports a model of images as a static page: the .tflite file and LiteRT.js, which draws with it in a browser."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.export import litert_js, reporting
from aigc_tf.export.graph import first_kernel
from aigc_tf.export.writer import REPORT, SAVED_MODEL, Export, HasSignatures, export, move_into_place
from aigc_tf.families.base import Signature
from aigc_tf.families.latent_space import factorised
from aigc_tf.storage.files import staging

TEMPLATE = Path(__file__).with_name("web_page")
PAGE, DESCRIPTION, LITERT = "index.html", "page.json", "litert"
DIRECTIONS = 8
LATENT = "latent"


def export_web(
    model: HasSignatures,
    out: Path,
    *,
    title: str,
    batch: int = 1,
    source: Any = None,
    metadata: Mapping[str, Any] | None = None,
    **options: Any,
) -> Export:
    """Write a folder that any web server can serve as it is: `index.html` draws the model's pictures.

    The folder gets the page, `model.tflite` and its `export.json`, and LiteRT.js; the page loads nothing from
    elsewhere. Like `export`, it leaves the folder as it was when something fails.

    Args:
        model: one with a signature `generate`, or else `decode`, from `latent` to an image in [0, 1]. It may take one
            condition that has kinds beside it, which the page lets choose.
        out: the folder.
        title: what the page calls the model.
        batch: 1, since the page draws one picture at a time.
        source: as for `export`.
        metadata: facts that the page shows; they go into the .tflite file, too.
        options: the others of `export`.

    Returns:
        The path of `index.html`, and the report of the .tflite file.

    Raises:
        InputError: the model has no such signature, `batch` is not 1, or LiteRT.js is not available.
        VerificationError: the exported file does not do what Keras does.
    """
    if batch != 1:
        raise InputError(f"batch is {batch}: a page draws one picture at a time, choose 1")
    name, signature = _drawing(model.signatures(source))
    archives = litert_js.fetch()
    out = Path(out)
    with staging(out) as folder:
        made = folder / "page"
        report = export(model, made, format="tflite", source=source, metadata=metadata, **options).report
        shutil.rmtree(made / SAVED_MODEL)
        shutil.copytree(TEMPLATE, made, dirs_exist_ok=True)
        litert_js.unpack(archives, made / LITERT)
        shown = {key: value for key, value in (metadata or {}).items() if key != "prior"}
        facts = {"title": title, "facts": shown, **describe(name, signature, (metadata or {}).get("prior"))}
        (made / DESCRIPTION).write_text(json.dumps(facts, ensure_ascii=False) + "\n", encoding="utf-8")
        report |= {"format": "web", "files": reporting.sizes(made)}
        (made / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        move_into_place(made, out, {SAVED_MODEL, *(entry.name for entry in made.iterdir())})
    return Export(out / PAGE, report)


def describe(name: str, signature: Signature, prior: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the page needs to know of the signature that draws: names, shapes, how its latents are drawn and moved.

    Args:
        name: of the signature.
        signature: from a latent to an image.
        prior: mean and factor of the Gaussian that latents are drawn from; None for the standard normal one.
    """
    ((output, image),) = signature.outputs.items()
    latent = signature.inputs[LATENT]
    conditions = {key: spec for key, spec in signature.inputs.items() if key != LATENT}
    factor = None if prior is None else np.asarray(prior["factor"])
    return {
        "signature": name,
        "output": output,
        "latent_shape": list(latent.shape),
        "image_shape": list(image.shape),
        "prior": prior,
        "condition": next(({"input": key, "kinds": spec.kinds} for key, spec in conditions.items()), None),
        "directions": _numbers(directions(signature.network, factor, list(signature.inputs).index(LATENT))),
    }


def directions(network: keras.Model, factor: np.ndarray | None = None, position: int = 0) -> np.ndarray:
    """Orthonormal directions of the normal numbers behind a latent: float64 `[at most 8, their number]`.

    Those that move the output of the first dense layer most (`latent_space.factorised`). A latent that does
    not meet a dense layer first is moved along the first of the numbers themselves.

    Args:
        network: a Functional model.
        factor: of the latent's prior, a matrix or its diagonal; None for the standard normal one.
        position: of the latent among the inputs.
    """
    latent = network.inputs[position]
    kernel = first_kernel(network, latent.name)
    if kernel is None:
        return np.eye(math.prod(latent.shape[1:]))[:DIRECTIONS]
    return factorised(kernel, factor)[0][:DIRECTIONS]


def _numbers(array: np.ndarray) -> list[Any]:
    """For JSON, to the precision of float32."""
    return np.vectorize(lambda value: float(f"{value:.8g}"))(array).tolist()


def _drawing(signatures: Mapping[str, Signature]) -> tuple[str, Signature]:
    """The signature that makes an image from a latent."""
    for name in ("generate", "decode"):
        if name in signatures and _draws(signatures[name]):
            return name, signatures[name]
    raise InputError(
        "a page is for models of images that are made from a latent, and at most a class; "
        f"this one has the signatures {', '.join(signatures)}: choose format tflite"
    )


def _draws(signature: Signature) -> bool:
    shapes = [spec.shape for spec in signature.outputs.values()]
    conditions = [spec for name, spec in signature.inputs.items() if name != LATENT]
    if LATENT not in signature.inputs or len(conditions) > 1 or not all(spec.kinds for spec in conditions):
        return False
    return [(len(shape), shape[-1]) for shape in shapes] in ([(3, 1)], [(3, 3)])
