"""Results of a human evaluation: can people distinguish generated from real examples? (004, question 4.)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_tf.metrics.intervals import fleiss_kappa, wilson_interval

REAL, GENERATED = "real", "generated"


def judged(key: Mapping[str, str], answers: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Proportions with their 95 % intervals, over all answers and by rater.

    The intervals treat all answers as independent, which those by one rater, or to one item, are not quite.

    Args:
        key: item -> `real` or `generated`.
        answers: rater -> item -> the rater's answer. Items may lack answers.

    Returns:
        `right`: the share of right answers, 0.5 is chance. `fooled`: the share of answers to generated items that say
        real. `doubted`: the share of answers to real items that say generated. `agreement`: Fleiss' kappa over the
        items that all raters answered, if there are several raters. `raters`: the first three of each.
    """
    pairs = {rater: [(key[item], said) for item, said in given.items()] for rater, given in answers.items()}
    report: dict[str, Any] = _shares([pair for found in pairs.values() for pair in found])
    common = [item for item in key if all(item in given for given in answers.values())]
    if len(answers) > 1 and common:
        said = np.array([[given[item] == REAL for given in answers.values()] for item in common])
        votes = np.stack([said.sum(axis=1), (~said).sum(axis=1)], axis=1)
        report["agreement"] = fleiss_kappa(votes)
    report["raters"] = {rater: _shares(found) for rater, found in pairs.items()}
    return report


def _shares(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "answers": len(pairs),
        "right": _share([truth == said for truth, said in pairs]),
        "fooled": _share([said == REAL for truth, said in pairs if truth == GENERATED]),
        "doubted": _share([said == GENERATED for truth, said in pairs if truth == REAL]),
    }


def _share(found: Sequence[bool]) -> dict[str, float] | None:
    """A share and its interval; None if there is nothing to count."""
    if not found:
        return None
    share = sum(found) / len(found)
    low, high = wilson_interval(share, len(found))
    return {"share": share, "low": low, "high": high}
