"""Train a GAN on daily returns: 2,000 steps of twice 64 windows.

    python -m trainers.returns_gan
    python -m trainers.returns_gan --source sp500.csv --returns.column "Adj Close"

expected at the end: no figure yet, it was not measured to its 2,000 steps (docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.returns_gan import ReturnsGAN

if __name__ == "__main__":
    train_command(ReturnsGAN)
