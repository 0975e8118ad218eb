"""The privacy section of a model card."""

from __future__ import annotations

from typing import Any

NOT_COVERED = """Covered are the weights after this many steps, those of all steps before, and what is computed from
them without using the training examples again: samples, reconstructions of other examples, float exports.

Not covered is:

- what the run's folder shows of training examples: losses and gradient norms in the logs, which are not noised, the
  nearest training images or the copied passages of an evaluation, the number and the fingerprint of the examples, and
  ranges of 8-bit exports that were calibrated on them. Hand out weights or an exported file, not the folder;
- what several examples have in common: a person with ten lines or images is promised ten times the ε, and more than ten
  times the δ;
- hyperparameters that were chosen by looking at runs on the same examples;
- figures measured on held-out examples, the choice of the best checkpoint and of an early end (`stop_after`, `stop_at`)
  by them, and those examples themselves;
- the choice of the best checkpoint by a Fréchet distance (`dp_gan`): its features are those of a network that was
  trained on the training examples without privacy. Hand out the last checkpoint;
- that training ended with an error because values without noise were no longer finite, and at which step;
- several runs on the same examples: what they spend adds up;
- what the weights had learnt before, if the run started from those of another one (`start_from`): a run on a source of
  the same name or content is refused, but not one on other data that has some of the same examples in it;
- anyone who knows the seed, and with it the noise: it is in the folder, has 32 bits, and drives TensorFlow's generator,
  which is not made for cryptography. The lowest digits of float32 noise reveal a little, too (Mironov 2012). Where much
  depends on it, use a library with secure noise."""


def privacy_section(guarantee: Any, step: int) -> str:
    """The section of a model card about a `Guarantee`, after `step` training steps."""
    if guarantee.clip_norm is None:
        return "## Privacy\n\nNone is promised: it was trained without clipping and without noise."
    epsilon = guarantee.epsilon(step)
    rows: dict[str, Any] = {
        "ε": f"{epsilon:.4g}, spent by step {step}; {guarantee.spent[-1][1]:.4g} is planned for step "
        f"{guarantee.spent[-1][0]}",
        "δ": f"{guarantee.delta:g}",
        "unit": "one training image or line; neighbouring data sets differ by one that is added or removed",
        "training examples": f"{guarantee.examples:,}",
        "mechanism": "DP-SGD (Abadi et al. 2016): normal noise on sums of clipped gradients",
        "clipping norm": f"{guarantee.clip_norm:g}",
        "noise multiplier": f"{guarantee.noise_multiplier:.4g} times the clipping norm",
        "sampling": f"Poisson, each example with probability {guarantee.sampling_rate:.4g} in each batch",
        "noised updates": f"{guarantee.updates_per_step * step:,}",
        "accountant": "privacy loss distribution, dp-accounting",
    }
    lines = ["| promise | value |", "| --- | --- |", *(f"| {key} | {value} |" for key, value in rows.items())]
    return "## Privacy\n\n" + "\n".join(lines) + f"\n\n{NOT_COVERED}"
