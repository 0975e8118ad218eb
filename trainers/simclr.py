"""Train a self-supervised picture encoder (SimCLR): 1,000 steps of 128 pictures, four minutes on one core.

    python -m trainers.simclr --source fashion_mnist
    python -m tools.benchmark labels saved_models/simclr/RUN --labels 10 50

expected after 300 of the steps (--steps 300): accuracy of a linear probe with ten labels a class 65.5 and 68.1 % on
2,000 test pictures (two draws of the labels), below logistic regression on pixels, 72.6 and 70.6 % (docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.simclr import SimCLR

if __name__ == "__main__":
    train_command(SimCLR)
