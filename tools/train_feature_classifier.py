"""Train the small classifier of Fashion-MNIST by which models are measured, and write its weights.

    python -m tools.train_feature_classifier       # 3 min on two cores; 93 % of the test images right

It is trained on all 60,000 training images: the full data set is needed. The weights belong to every figure
measured with them: a new file starts a new column in docs/RESULTS.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro


def main(
    source: str = "fashion_mnist",
    out: Annotated[Path | None, tyro.conf.arg(help="the .npz to write; default: the one in the package")] = None,
    seed: Annotated[int | None, tyro.conf.arg(help="of weights, dropout and order")] = None,
) -> None:
    """Train the feature classifier and write its weights (.npz) and how they came about (.json)."""
    from aigc_tf.data.images.opening import open_source
    from aigc_tf.metrics.images import small_network, trained
    from aigc_tf.recipes.dcgan import DCGAN

    recipe = DCGAN(source=source)  # it asks for 28x28x1
    opened = open_source(recipe)
    chosen = small_network.SEED if seed is None else seed
    network, facts = trained.train_classifier(opened, recipe.images.shape, chosen)
    test = opened.test
    assert test.labels is not None  # as the training part
    accuracy = small_network.accuracy(network, test.images, test.labels)
    facts |= {"test_accuracy": round(accuracy, 4), "test_images": len(test.images)}
    path = out or trained.SHIPPED["fashion_mnist", recipe.images.shape].path
    path.parent.mkdir(parents=True, exist_ok=True)
    small_network.save(network, path, facts)
    size_kilobytes = path.stat().st_size / 1000
    print(f"{path}: {size_kilobytes:.0f} kB, {accuracy:.2%} of the test images right", file=sys.stderr)


if __name__ == "__main__":
    tyro.cli(main)
