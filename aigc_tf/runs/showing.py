"""How notebooks show a run: its latest preview, its progress, its figures."""

from __future__ import annotations

import base64
import html
from io import BytesIO
from pathlib import Path

from PIL import Image

from aigc_tf.data.images.prepare import read_image
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import enlargement, to_pil
from aigc_tf.recipes.base import Recipe
from aigc_tf.runs import paths, previews
from aigc_tf.runs.folder import read_text
from aigc_tf.runs.reports import read_report, rows_of_report


class Lines(str):
    """Text that notebooks show verbatim, line by line."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self)}</pre>"


def shown(preview: Preview) -> Image.Image | Lines:
    """A preview in a form that notebooks show: small images are enlarged."""
    return Lines(preview) if isinstance(preview, str) else to_pil(preview, enlargement(preview, 200))


def latest_preview(path: Path) -> Image.Image | Lines:
    """The latest preview of generated samples, or if the model generates nothing its first preview.

    Raises:
        InputError: there is no preview yet, or it is damaged.
    """
    file = previews.latest(path)
    if file is None:
        raise InputError(f"{path} has no previews yet: train it until logging.samples_every, or give values to show")
    if file.suffix != ".png":
        return Lines(read_text(file))
    try:
        return read_image(file.read_bytes(), lambda picture, _: picture.copy())
    except (OSError, UnreadableError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error


def html_of(path: Path, recipe: Recipe, step: int) -> str:
    """A run as HTML: what it is, its latest preview, its figures."""
    parts = [f"<b>{recipe.slug()}</b>, step {step:,} of {recipe.steps:,}<br><code>{html.escape(str(path))}</code>"]
    for part in (_preview, _figures):
        try:
            parts.append(part(path))
        except InputError as error:  # a damaged file does not hide the rest
            parts.append(html.escape(str(error)))
    return f"<div>{'<br>'.join(part for part in parts if part)}</div>"


def _preview(path: Path) -> str:
    if previews.latest(path) is None:
        return ""
    preview = latest_preview(path)
    if isinstance(preview, Lines):
        return preview._repr_html_()
    file = BytesIO()
    preview.save(file, format="PNG")
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="preview" style="max-width: 100%">'


def _figures(path: Path) -> str:
    if not (path / paths.EVALUATION).is_file():
        return "not measured yet: <code>run.evaluate()</code>"
    report = read_report(path)
    head = "".join(f"<th>{name}</th>" for name in (f"at step {report['step']:,}", "value", "better", "baselines"))
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows_of_report(report))
    rows = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><tr>{head}</tr>{rows}</table>"
