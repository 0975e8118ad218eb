"""Train the small Fashion-MNIST classifier that provides features for evaluation, and write its weights.

    python -m tools.train_feature_classifier       # 3 min on two cores; 93 % test accuracy

It is trained on all 60,000 training images: the full data set is needed. Figures depend on these weights: a new file
starts a new column in docs/RESULTS.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aigc_tf.cli.checks import require_ending, require_seed
from aigc_tf.cli.command import command


def train_feature_classifier(source: str = "fashion_mnist", out: Path | None = None, seed: int | None = None) -> None:
    """Train the feature classifier and write its weights (.npz) and training record (.json).

    Args:
        source: Source of labelled images.
        out: The .npz file to write; by default the one in the package.
        seed: Random seed of weights, dropout and order; by default that of the shipped weights.
    """
    require_seed(seed)
    if out is not None:
        require_ending(out, [".npz"])

    from aigc_tf.data.images.opening import open_source
    from aigc_tf.errors import say
    from aigc_tf.metrics.images import small_network, trained
    from aigc_tf.recipes.dcgan import DCGAN

    recipe = DCGAN(source=source)  # for 28x28x1 images
    opened = open_source(recipe)
    chosen = small_network.SEED if seed is None else seed
    network, facts = trained.train_classifier(opened, recipe.images.shape, chosen)
    test = opened.test
    assert test.labels is not None  # like the training part
    accuracy = small_network.accuracy(network, test.images, test.labels)
    facts |= {"test_accuracy": round(accuracy, 4), "test_images": len(test.images)}
    path = out or trained.SHIPPED["fashion_mnist", recipe.images.shape].path
    path.parent.mkdir(parents=True, exist_ok=True)
    small_network.save(network, path, facts)
    say(f"{path}: {path.stat().st_size / 1000:.0f} kB, {accuracy:.2%} of the test images right")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(train_feature_classifier, arguments)


if __name__ == "__main__":
    main()
