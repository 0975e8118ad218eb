"""Train a self-supervised picture encoder (SimCLR): 3,000 steps of 128 pictures, seven minutes on one core.

    python -m trainers.simclr --source fashion_mnist
    python -m tools.benchmark labels saved_models/simclr/RUN --labels 10 50

expected with ten labels per class: 76.5 % of the test pictures by label spreading over embeddings and pixels, 71.0 %
by a linear probe of the embeddings, 71.5 % by logistic regression on pixels (docs/RESULTS.md; five draws of labels)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.simclr import SimCLR

if __name__ == "__main__":
    train_command(SimCLR)
