"""Train an encoder of pictures without labels (SimCLR): 1,000 steps of 128 pictures, four minutes of one core.

    python -m trainers.simclr --source fashion_mnist
    python -m tools.benchmark labels saved_models/simclr/RUN --labels 10 50

expected after 300 of the steps (--steps 300): a linear probe with ten labels a class is right about 65.5 and 68.1 % of
2,000 test pictures (two draws of the labels), logistic regression of pixels about 72.6 and 70.6 %: it loses
(docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.simclr import SimCLR

if __name__ == "__main__":
    train_command(SimCLR)
