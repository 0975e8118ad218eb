"""Train the fully connected GAN of article 001 §4.2: 25,000 steps of 32 images, four and a half minutes on two
cores.

    python -m trainers.mlp_gan --source fashion_mnist

expected (docs/RESULTS.md): the Fréchet distance after 5 and 10 minutes (the shipped classifier's features, 10,000
samples against the test split of Fashion-MNIST)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.mlp_gan import MLPGAN

if __name__ == "__main__":
    train_command(MLPGAN)
