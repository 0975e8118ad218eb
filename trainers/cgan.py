"""Train the class-conditional GAN: 6,000 steps of 16 images, four and a half minutes on two cores.

    python -m trainers.cgan --source fashion_mnist

expected (docs/RESULTS.md): the Fréchet distance after 5 and 10 minutes (the shipped classifier's features, 10,000
samples against the test split of Fashion-MNIST), and at least 95 % of samples in the class asked for,
as a share of the accuracy on real images
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.cgan import CGAN

if __name__ == "__main__":
    train_command(CGAN)
