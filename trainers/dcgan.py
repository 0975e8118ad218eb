"""Train the DCGAN of article 002 §5.2: 6,000 steps of 16 images, about four and a half minutes on two cores.

    python -m trainers.dcgan --source fashion_mnist

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.dcgan --source fashion_mnist --printed

expected at the end: Fréchet distance 4.4 (one seed, the shipped classifier's features, 10,000 samples against the
test split of Fashion-MNIST)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dcgan import DCGAN

if __name__ == "__main__":
    train_command(DCGAN)
