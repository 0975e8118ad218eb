"""LIME and SHAP maps from their authors' libraries, in the same form as our own: one number per position."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.optional import needed
from aigc_tf.trust.fidelity import Case, Method
from aigc_tf.trust.judged import Judged
from aigc_tf.trust.maps import of_places
from aigc_tf.trust.texts import JudgedText

Subject = Judged | JudgedText
PATH_SAMPLES = 64
"""Random points between reference and input at which SHAP computes gradients."""
EVALUATIONS = 500
"""Network evaluations per map, of PartitionExplainer and of LIME."""
BATCH = 100
SUPERPIXELS, COMPACTNESS = 49, 0.1
"""Approximate number of superpixels that LIME hides; SLIC weighs a brightness distance of 0.1 like the distance of
neighbouring superpixels."""


def shap_gradients(judged: Judged, case: Case) -> np.ndarray:
    """SHAP's GradientExplainer: expected gradients (Erion et al. 2021, eq. 3) with the case's reference as background.

    The map sums to the difference of the logit or score between input and reference, up to sampling error.
    """
    shap = _shap()
    value, reference, label = case
    network = keras.Model([judged.network.inputs[0]], judged.network.outputs[0])  # SHAP passes a list
    with _seeded():
        explainer = shap.GradientExplainer(network, reference[None])
        found, _ = explainer.shap_values(
            value[None], nsamples=PATH_SAMPLES, ranked_outputs=np.array([[label]]), output_rank_order="custom", rseed=0
        )
    return of_places(found[0, ..., 0])


def shap_partition(subject: Subject, case: Case) -> np.ndarray:
    """SHAP's PartitionExplainer: Owen values of the probability or score (Lundberg & Lee 2017; Owen 1977).

    Regions are split recursively along the longer side, within 500 evaluations. The map sums to the difference of the
    value between input and reference.
    """
    shap = _shap()
    shape = case.value.shape[:2]

    def value_of(masks: np.ndarray) -> np.ndarray:
        rows = _with_only(case, masks.reshape(-1, *shape).astype(bool))
        return subject.values(rows, case.label).astype(np.float64)

    with _seeded():
        explainer = shap.PartitionExplainer(value_of, _Places(shape))
        found = explainer(np.ones((1, int(np.prod(shape)))), max_evals=EVALUATIONS, batch_size=BATCH, silent=True)
    values: np.ndarray = found.values[0].reshape(shape)
    return values


class _Places:
    """A SHAP masker: here an input is a row of ones, and hidden positions become 0."""

    immutable_outputs = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = (1, int(np.prod(shape)))
        self.clustering = halves(shape)

    def __call__(self, mask: np.ndarray, row: np.ndarray) -> tuple[np.ndarray]:
        return ((row * mask)[None],)


def halves(shape: tuple[int, ...]) -> np.ndarray:
    """A tree of recursive splits along the longest side: rows of SciPy's linkage matrix, `[places - 1, 4]`."""
    total, rows = int(np.prod(shape)), []

    def join(places: np.ndarray) -> int:
        if places.size == 1:
            return int(places.item())
        first, second = np.array_split(places, 2, axis=int(np.argmax(places.shape)))
        rows.append([join(first), join(second), 0, places.size])
        return total + len(rows) - 1

    join(np.arange(total).reshape(shape))
    return np.array(rows, np.float64).reshape(-1, 4)


def lime_picture(judged: Judged, case: Case) -> np.ndarray:
    """LIME (Ribeiro et al. 2016, algorithm 1) for images: the weights of superpixels in a local linear model.

    Superpixels come from SLIC; hidden ones take the reference's values.
    """
    from lime.lime_image import LimeImageExplainer

    def value_of(pictures: np.ndarray) -> np.ndarray:
        return judged.values(pictures.astype(np.float32), case.label)[:, None]

    explainer = LimeImageExplainer(feature_selection="none", random_state=0)
    with contextlib.redirect_stderr(io.StringIO()):  # LIME shows a progress bar per image
        found = explainer.explain_instance(
            case.value,
            value_of,
            labels=(0,),
            top_labels=None,
            hide_color=case.reference,
            num_samples=EVALUATIONS,
            batch_size=BATCH,
            segmentation_fn=_superpixels,
        )
    weights = dict(found.local_exp[0])
    return np.vectorize(weights.__getitem__, otypes=[float])(found.segments)


def _superpixels(picture: np.ndarray) -> np.ndarray:
    from skimage.segmentation import slic

    found: np.ndarray = slic(picture, SUPERPIXELS, COMPACTNESS, convert2lab=False, channel_axis=-1, start_label=0)
    return found


def lime_text(judged: JudgedText, case: Case) -> np.ndarray:
    """LIME (Ribeiro et al. 2016, algorithm 1) for texts: the weights of tokens in a local linear model.

    Hidden tokens become unknown. The library splits and joins texts; here the texts are token ids.
    """
    from lime.lime_text import LimeTextExplainer

    def value_of(texts: Sequence[str]) -> np.ndarray:
        shown = np.array([text.split() for text in texts]) != hidden
        return judged.values(_with_only(case, shown), case.label)[:, None]

    hidden = "-"
    explainer = LimeTextExplainer(
        feature_selection="none", split_expression=r"\s+", bow=False, mask_string=hidden, random_state=0
    )
    numbers = " ".join(map(str, case.value.tolist()))
    found = explainer.explain_instance(
        numbers, value_of, labels=(0,), num_features=len(case.value), num_samples=EVALUATIONS
    )
    weights = dict(found.local_exp[0])
    return np.array([weights[place] for place in range(len(case.value))])


def _with_only(case: Case, shown: np.ndarray) -> np.ndarray:
    """A case with only some positions visible, the others as in its reference: `[count, ...]`."""
    mask = shown.reshape(*shown.shape, *(1 for _ in case.value.shape[shown.ndim - 1 :]))
    return np.where(mask, case.value, case.reference)


def _by_lime(subject: Subject) -> dict[str, Method]:
    _library("lime")
    if isinstance(subject, JudgedText):
        return {"LIME": partial(lime_text, subject)}
    if len(subject.network.input_shape) != 4:
        raise InputError("LIME explains pictures and texts: leave it out of --also for a series")
    return {"LIME": partial(lime_picture, subject)}


def _by_shap(subject: Subject) -> dict[str, Method]:
    _shap()
    found: dict[str, Method] = {"SHAP, partitions": partial(shap_partition, subject)}
    return found if isinstance(subject, JudgedText) else {"SHAP, gradients": partial(shap_gradients, subject)} | found


LIBRARIES: Mapping[str, Callable[[Subject], dict[str, Method]]] = {"lime": _by_lime, "shap": _by_shap}


def methods_by(libraries: Sequence[str], subject: Subject) -> dict[str, Method]:
    """The applicable methods of some of `LIBRARIES`.

    Raises:
        InputError: a library is not installed, or has no method for such inputs.
    """
    return {name: method for library in libraries for name, method in LIBRARIES[library](subject).items()}


def _shap() -> Any:
    """Import SHAP, without compiling its loops: that takes 20 seconds and saves less than one."""
    numba = _library("shap", "numba")
    kept, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # from Matplotlib, which SHAP uses for colours
            return _library("shap")
    finally:
        numba.config.DISABLE_JIT = kept


def _library(name: str, module: str | None = None) -> Any:
    """Import a library, or a module of it.

    Raises:
        InputError: it is not installed.
    """
    return needed(module or name, to=f"explain with --also {name}", extra="explain", package=name)


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Seed NumPy's global generator, which SHAP draws from, and restore its state afterwards."""
    kept = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(kept)
