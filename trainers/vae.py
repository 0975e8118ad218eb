"""Train the dense VAE of article 001 §4.1: 10,000 steps of 64 images, about a minute and a half on two cores.

    python -m trainers.vae --source fashion_mnist

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.vae --source fashion_mnist --printed

expected at the end (one seed): evidence lower bound -245.1 nats, Fréchet distance of samples 9.0 (the shipped
classifier's features, 10,000 samples against the test split of Fashion-MNIST)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.vae import VAE

if __name__ == "__main__":
    train_command(VAE)
