"""End-to-end quickstart: train a DCGAN, sample, evaluate, export, verify.

python -m tools.quickstart
"""

from __future__ import annotations

from aigc_tf.cli.command import command


def quickstart(seconds: float = 180.0, samples: int = 10_000) -> None:
    """Train a DCGAN on the pictures that ship with the package, sample it, evaluate it, export it.

    Args:
        seconds: Training time in seconds.
        samples: Number of samples for the evaluation.
    """
    import aigc_tf
    from aigc_tf.cli.evaluate import table
    from aigc_tf.errors import say

    say(f"training for {seconds:.0f} s")
    recipe = aigc_tf.recipes.DCGAN(source="fashion_mnist_10k", steps=1_000_000, seconds=seconds)
    run = aigc_tf.train(recipe)

    images = run.generate(64)
    picture = run.path / "samples.png"
    run.able("Draws").gives.write_all(picture, images, run.made_by(seed=0))

    say(f"measuring with {samples:,} samples")
    report = run.evaluate(samples)

    exports = []
    for quantize in ("none", "dynamic"):
        say(f"exporting, quantization {quantize}, and comparing with Keras")
        exports.append(run.export(quantize=quantize))

    print(table(report))
    print()
    rows = {"run": run.path, "model card": run.path / "README.md", "samples": picture}
    rows |= {export.path.parent.name: export.path for export in exports}
    for name, path in rows.items():
        print(f"{name:<24} {path}")
    print(f"{'watch training':<24} tensorboard --logdir saved_models")


if __name__ == "__main__":
    command(quickstart)
