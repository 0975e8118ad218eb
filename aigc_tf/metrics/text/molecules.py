"""Generated molecules: validity, uniqueness, novelty, and distance of descriptors to real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.text.molecules import MARKS, band_of, chemistry, properties
from aigc_tf.metrics.evaluator import Figure, Measurement, Picture
from aigc_tf.metrics.frechet import StreamingStatistics, frechet_distance
from aigc_tf.metrics.text.designs import HELD_OUT, NGRAM, DesignSamples
from aigc_tf.modalities.plots import histograms_picture
from aigc_tf.recipes.molecules import Molecules

DESCRIPTORS = {
    "MolWt": "molecular weight",
    "MolLogP": "log P",
    "TPSA": "polar surface area",
    "qed": "drug-likeness (QED)",
    "RingCount": "rings",
    "NumHDonors": "hydrogen bond donors",
    "NumHAcceptors": "hydrogen bond acceptors",
    "NumRotatableBonds": "rotatable bonds",
    "FractionCSP3": "sp3 share of the carbons",
}
_SHOWN = ("MolWt", "MolLogP", "qed", "RingCount")


class MoleculeSamples(DesignSamples):
    """`valid`, `unique`, `novel`, and with a condition the share that has the requested property (`agreement`).

    The latter is compared with the unconditional rate, the share that meets the request by chance.

    `descriptor_distance` is the Fréchet distance between Gaussians of nine descriptors of generated and held-out
    molecules, each in the held-out molecules' standard deviations; lower is better.
    """

    def canonical(self, texts: Sequence[str], recipe: Any) -> list[str | None]:
        """RDKit's canonical SMILES."""
        chem, _ = chemistry()
        found = (chem.MolFromSmiles(text.lstrip(MARKS)) for text in texts)
        return [chem.MolToSmiles(molecule) if molecule and molecule.GetNumAtoms() else None for molecule in found]

    def conditions(self, held: Sequence[str]) -> np.ndarray:
        """The property bands of held-out molecules."""
        return np.array([MARKS.index(text[0]) for text in held])

    def further(
        self, drawn: dict[str, list[str]], asked: np.ndarray | None, source: Any, recipe: Molecules
    ) -> Measurement:
        """Descriptor distance, and how often the property is the requested one."""
        described = {name: descriptors_of([text for text in texts if text]) for name, texts in drawn.items()}
        real = described[HELD_OUT]
        # Every second held-out molecule against the others: the distance of real ones as a baseline.
        distances = {
            "model": _distance(described["model"], real, real),
            NGRAM: _distance(described[NGRAM], real, real),
            HELD_OUT: _distance(real[::2], real[1::2], real),
        }
        beside = {name: distances[name] for name in (NGRAM, HELD_OUT) if np.isfinite(distances[name])}
        figures = {}
        if np.isfinite(distances["model"]):
            figures["descriptor_distance"] = Figure(distances["model"], "lower", beside)
        if asked is not None:
            names = source.classes.names
            beside = {
                f"{words}, whatever is requested": _by_chance(drawn[name], asked, names, recipe)
                for name, words in (("model", "generated molecules"), (HELD_OUT, "held-out molecules"))
            }
            figures["agreement"] = Figure(_agreement(drawn["model"], asked, names, recipe), "higher", beside)
        chosen = [[*DESCRIPTORS].index(name) for name in _SHOWN]
        picture = histograms_picture(
            {"real": real[:, chosen], "generated": described["model"][:, chosen]},
            [DESCRIPTORS[name] for name in _SHOWN],
        )
        caption = (
            "Properties of generated molecules that are valid, and of real ones: the closer the lines, the better."
        )
        protocol = {"descriptors": ", ".join(DESCRIPTORS.values())}
        return Measurement(figures, protocol, {"properties": Picture(picture, caption)})


def descriptors_of(smiles: Sequence[str]) -> np.ndarray:
    """float64 `[molecules, descriptors]` of valid molecules."""
    chem, library = chemistry()
    measures = [getattr(library, name) for name in DESCRIPTORS]
    rows = [[measure(molecule) for measure in measures] for molecule in map(chem.MolFromSmiles, smiles)]
    return np.array(rows, np.float64).reshape(-1, len(measures))


def _distance(first: np.ndarray, second: np.ndarray, scale: np.ndarray) -> float:
    """Fréchet distance in the standard deviations of `scale`; NaN for fewer than two molecules."""
    if min(len(first), len(second)) < 2:
        return float("nan")
    deviation = np.maximum(scale.std(axis=0), 1e-6)
    both = [StreamingStatistics(), StreamingStatistics()]
    for gathered, values in zip(both, (first, second), strict=True):
        gathered.update(values / deviation)
    return frechet_distance(both[0].result(), both[1].result())


def _agreement(drawn: Sequence[str | None], asked: np.ndarray, names: Sequence[str], recipe: Molecules) -> float:
    """The share of valid molecules in the requested band."""
    valid, bands = _bands(drawn, names, recipe)
    return float(np.mean(bands == asked[valid])) if len(valid) else 0.0


def _by_chance(drawn: Sequence[str | None], asked: np.ndarray, names: Sequence[str], recipe: Molecules) -> float:
    """The unconditional rate: the same share if requests and molecules were independent."""
    _, bands = _bands(drawn, names, recipe)
    shares = [np.bincount(values, minlength=len(names)) / max(len(values), 1) for values in (bands, asked)]
    return float(shares[0] @ shares[1])


def _bands(drawn: Sequence[str | None], names: Sequence[str], recipe: Molecules) -> tuple[list[int], np.ndarray]:
    """Indices of the valid molecules, and the band of each."""
    valid = [row for row, smiles in enumerate(drawn) if smiles]
    if not valid:
        return valid, np.zeros(0, np.int64)
    return valid, band_of(properties([drawn[row] or "" for row in valid], recipe.molecules.condition), names)
