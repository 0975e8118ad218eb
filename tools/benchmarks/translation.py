"""Image-to-image translation against copying and the nearest training pair: PSNR, SSIM, kernel distance, accuracy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.photos.pairs import UnpairedSource
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.errors import InputError
from aigc_tf.metrics.images.crops import MAX_CROPS, distinct, shrunk
from aigc_tf.metrics.images.features import FeatureNetwork, feature_network
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.metrics.images.retrieval import OTHER_SEED, SIDE, retrieval, retrieval_network, slightly_changed
from aigc_tf.metrics.images.translation import MAX_PAIRS, MODEL, pairs_of, recognised, translations
from aigc_tf.metrics.kernel import kernel_distance
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.picture_translation import TranslationRecipe
from aigc_tf.runs.run import Run
from tools.benchmarks.readings import Results
from tools.benchmarks.tables import markdown

CHANGED, TRAINING = "the truth, slightly changed", "training pictures of B"
PROTOCOL = (
    "Recognised: of all truths the nearest is the right one, in the features of a network that distinguishes pictures "
    "of B. This network and that of the kernel distance were trained on training pictures of B only, and have seen "
    "neither model outputs nor the truths. Changed truths are moved, turned, blurred and in other colours."
)


def translation(runs: tuple[Path, ...], results: Path) -> list[dict[str, Any]]:
    """PSNR in dB, SSIM, kernel distance and retrieval accuracy on test pairs, for each run.

    Baselines: the input itself, the target of the nearest training pair, the slightly changed ground truth, which is
    about what a perfect translation would reach, and the kernel distance of real training pictures. The two evaluating
    networks are trained on pictures of B only: one predicts rotations and gives the features for the kernel distance,
    one discriminates pictures and retrieves the ground truth (`aigc_tf.metrics.images.retrieval`). Runs with the same
    pictures of B are evaluated by the same networks, whether trained on pairs or not.

    Args:
        runs: trained runs of pix2pix or cyclegan.
        results: JSON Lines file of finished results.

    Raises:
        InputError: a run is of another model, or its source has no test pairs.
    """
    done = Results(results)
    found = []
    for path in runs:
        run = Run.open(path, "last")
        if not isinstance(run.recipe, TranslationRecipe):
            raise InputError(f"{path} is a run of {run.recipe.slug()}: give runs of pix2pix or cyclegan")
        targets = pictures_of_b(run.source)
        key = {"run": path.name, "steps": run.step, "recipe": run.recipe.slug(), "judges": targets.fingerprint[:16]}
        if not done.find(**key, method=TRAINING):  # added last
            for row in measured(run, Judges.of(targets)):
                if not done.find(**key, method=row["method"]):
                    done.add(**key, **row)
        found += done.find(**key)
    return found


class Judges(NamedTuple):
    """The evaluating networks for pictures of B."""

    features: FeatureNetwork
    """Features for the kernel distance, at full size."""
    retrieval: FeatureNetwork
    training: np.ndarray
    """Training pictures of both: uint8 `[count, side, side, channels]`."""

    @classmethod
    def of(cls, targets: ImageSource) -> Judges:
        """Train them on a source of pictures of B, some minutes each, or load them from the cache."""
        images = targets.train.images
        height, width, channels = images.shape[1:]
        settings = ImageSettings(height=height, width=width, channels=channels)
        small = distinct(targets.name, shrunk(images, SIDE), targets.licence)
        return cls(feature_network(targets, settings, "rotation"), retrieval_network(small), images)

    def distance(self, pictures: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """Kernel distance between pictures, uint8 `[count, side, side, channels]`, with standard error."""
        found = kernel_distance(self.features.extract(pictures).features, self.features.extract(truth).features)
        return {"kernel_distance": found.distance, "kernel_distance_error": found.standard_error}


def pictures_of_b(source: PhotoSource) -> ImageSource:
    """Crops of the training pictures of B, including the validation part."""
    photos = source.others if isinstance(source, UnpairedSource) else source.uncut or source.train
    crops = photos.spread(source.settings.crop, MAX_CROPS)[..., -source.settings.channels :]
    return distinct(f"the B of {Path(source.name).name}", crops, source.licence)


def measured(run: Run, judges: Judges) -> list[dict[str, Any]]:
    """One row per method."""
    images, truth = pairs_of(run.source, "test", MAX_PAIRS)
    made = translations(run.model, run.source, images)
    made[CHANGED] = slightly_changed(to_bytes(truth), OTHER_SEED) / np.float32(255)
    rows = []
    for name, pictures in made.items():
        right = retrieval(judges.retrieval, to_bytes(pictures), to_bytes(truth))
        quality: dict[str, Callable[..., np.ndarray]] = {"psnr_db": psnr, "ssim": ssim, "nearest_in_pixels": recognised}
        row = {"method": run.recipe.slug() if name == MODEL else name, "pairs": len(images)}
        row |= {figure: float(np.mean(measure(pictures, truth))) for figure, measure in quality.items()}
        row |= {"recognised": right.first, "recognised_of_5": right.several}
        rows.append(row | judges.distance(to_bytes(pictures), to_bytes(truth)))
    return [*rows, {"method": TRAINING, "pairs": len(images), **judges.distance(judges.training, to_bytes(truth))}]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table, with the protocol."""
    head = ["run", "method", "PSNR dB", "SSIM", "nearest in pixels", "recognised", "in first 5", "kernel distance", "±"]
    keys = ["psnr_db", "ssim", "nearest_in_pixels", "recognised", "recognised_of_5", "kernel_distance"]
    keys = ["run", "method", *keys, "kernel_distance_error"]
    return markdown(head, [[row.get(key) for key in keys] for row in rows]) + f"\n\n{PROTOCOL}"
