"""Tables included in Python packages, which need no download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aigc_tf.errors import InputError


class Public(NamedTuple):
    """A table in a package."""

    package: str
    """Name of the package for pip."""
    licence: str
    read: Callable[[], Mapping[str, list[Any]]]
    """Columns by name, with the usual prediction target last."""


def _breast_cancer() -> Mapping[str, list[Any]]:
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    columns = {str(name): found.data[:, at].tolist() for at, name in enumerate(found.feature_names)}
    return columns | {"diagnosis": [str(found.target_names[kind]) for kind in found.target]}


def _diabetes() -> Mapping[str, list[Any]]:
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    columns = {str(name): found.data[:, at].tolist() for at, name in enumerate(found.feature_names)}
    return columns | {"progression": found.target.tolist()}


def _fair() -> Mapping[str, list[Any]]:
    from statsmodels.datasets import fair

    found: dict[str, list[Any]] = fair.load_pandas().data.to_dict("list")
    affairs = found.pop("affairs")
    return found | {"affair": ["yes" if share > 0 else "no" for share in affairs]}  # as in statsmodels' own examples


PUBLIC = {
    "breast_cancer": Public(
        "scikit-learn", "Wolberg, Mangasarian, Street & Street 1995, UCI, CC BY 4.0; from scikit-learn", _breast_cancer
    ),
    "diabetes": Public("scikit-learn", "Efron et al. 2004, no terms are stated; from scikit-learn", _diabetes),
    "fair": Public("statsmodels", "Fair 1978, included with permission of the author; from statsmodels", _fair),
}
"""By source name: 569 tumours with diagnosis, 442 patients with diabetes progression, 6,366 answers about marriages."""


def read_public(name: str) -> Mapping[str, list[Any]]:
    """The columns of a public table.

    Raises:
        InputError: its package is not installed.
    """
    public = PUBLIC[name]
    try:
        return public.read()
    except ImportError as error:
        raise InputError(f"source {name} comes with {public.package}: pip install {public.package}") from error
