"""A self-contained HTML page: explanations of predictions, and how faithful the methods are."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigc_tf.modalities.drawing import data_url, to_bytes
from aigc_tf.modalities.plots import lines_picture
from aigc_tf.trust.fidelity import SHARES, Check, Fidelity

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #111; background: #fff; }}
figure {{ display: inline-block; margin: .3em .6em .3em 0; vertical-align: top; max-width: 100%; }}
figure img {{ image-rendering: pixelated; max-width: 100%; }}
figcaption {{ font-size: 85%; max-width: 12em; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .2em .7em; border-bottom: 1px solid #ccc; text-align: left; vertical-align: top; }}
iframe {{ width: 100%; height: 18em; border: 1px solid #ccc; }}
</style>
<h1>{title}</h1>
{sections}
</html>
"""


class Report(NamedTuple):
    """The content of an explanation report."""

    sections: list[str]
    """HTML."""
    shown: Mapping[str, np.ndarray | str]
    """What TensorBoard shows for each input, by name: images `[height, width, channels]`, or Markdown."""
    check: Check | None = None
    """The comparison of the methods, if there are any."""

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each method, in words."""
        return {} if self.check is None else {name: found.verdict for name, found in self.check.methods.items()}


def page(title: str, sections: Sequence[str]) -> str:
    """The complete page.

    Args:
        title: plain text.
        sections: HTML, one below the other.
    """
    return _PAGE.format(title=html.escape(title), sections="\n".join(sections))


def heading(words: str) -> str:
    """The heading of a section."""
    return f"<h2>{html.escape(words)}</h2>"


def paragraph(words: str) -> str:
    """A paragraph of text."""
    return f"<p>{html.escape(words)}</p>"


def figure(image: np.ndarray, caption: str, wanted_pixels: int = 1) -> str:
    """An image, uint8 or in [0, 1], above its caption; enlarged to `wanted_pixels` if smaller."""
    words = html.escape(caption)
    return (
        f'<figure><img src="{data_url(image, wanted_pixels)}" alt="{words}"><figcaption>{words}</figcaption></figure>'
    )


def framed(document: str, caption: str) -> str:
    """A complete page embedded in this one."""
    return f'<iframe title="{html.escape(caption)}" srcdoc="{html.escape(document)}"></iframe>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with cells of text."""
    lines = [("th", head), *(("td", row) for row in rows)]
    return (
        "<table>"
        + "".join(
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>" for tag, row in lines
        )
        + "</table>"
    )


def markdown(head: Sequence[str], columns: Iterable[Iterable[str]]) -> str:
    """A Markdown table from columns of text."""
    rows = [list(head), ["---"] * len(head), *(list(row) for row in zip(*columns, strict=True))]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def coloured(found: np.ndarray) -> np.ndarray:
    """A map `[height, width]` as uint8 `[height, width, 3]`: red for the prediction, blue against it, white: zero."""
    strength = (found / max(float(np.abs(found).max()), 1e-30))[..., None]
    red, blue = np.array([0.8, 0.0, 0.0]), np.array([0.0, 0.2, 0.8])
    return to_bytes(1 - np.abs(strength) * (1 - np.where(strength >= 0, red, blue)))


def check_section(check: Check, value: str, where: str) -> list[str]:
    """The verdict on each method, the numbers behind it, and the curves.

    Args:
        check: the comparison of the methods.
        value: what the curves show, in words.
        where: origin of the cases, in words.
    """
    verdicts = [paragraph(f"{name}: {found.verdict}.") for name, found in check.methods.items()]
    lines = {name: found.curves for name, found in check.methods.items()} | dict(check.beside)
    fields = {
        part: {name: np.asarray(getattr(found, part)) for name, found in lines.items()}
        for part in ("deletion", "insertion")
    }
    explanation = (
        f"Checked on {check.cases} inputs ({where}). Deletion removes the positions that a map marks, the largest "
        f"first, and insertion restores them: a faithful map makes the {value} fall and rise early, so "
        "that much area lies between the two curves (Petsiuk et al. 2018). With the weights of all layers shuffled a "
        "map has to change (Adebayo et al. 2018): ρ is the rank correlation with the map before, of its numbers and "
        "of their absolute values."
    )
    head = [
        "",
        "area",
        *(f"more than {name}" for name in check.beside),
        "ρ, all weights shuffled",
        "ρ of absolute values",
    ]
    rows = [_row(name, found) for name, found in check.methods.items()]
    rows += [[name, f"{found.area:.3g}", *("" for _ in range(len(head) - 2))] for name, found in check.beside.items()]
    return [
        heading("Faithfulness of the maps"),
        *verdicts,
        table(head, rows),
        figure(lines_picture(SHARES.tolist(), "share of the positions", fields), f"{value}, mean"),
        paragraph(explanation),
    ]


def _row(name: str, found: Fidelity) -> list[str]:
    leads = [f"{lead:.3g} ± {error:.2g}" for lead, error in found.leads.values()]
    correlations = found.agreement[max(found.agreement)] if found.agreement else (math.nan, math.nan)
    return [name, f"{found.curves.area:.3g}", *leads, *(f"{rho:.2f}" for rho in correlations)]
