"""Train a semi-supervised VAE (M2): 2,000 steps of 64 pictures without and 64 with a label.

    python -m trainers.semi_vae --source fashion_mnist --labelled.per-class 10

A step takes 107 ms on one core.

expected at the end: not measured yet. With narrower layers, on the shipped set, ten labels a class, 300 steps:
accuracy 65.3 % on 1,031 test pictures, below logistic regression on pixels with the same labels, 70.1 %
(docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.semi_vae import SemiVAE

if __name__ == "__main__":
    train_command(SemiVAE)
