"""Train a plain convolutional autoencoder with 32 latent dimensions: 10,000 steps of 64 images, about four minutes.

    python -m trainers.autoencoder --source fashion_mnist

expected at the end (one seed): PSNR of reconstructions 22.9 dB, SSIM 0.77, Fréchet distance of reconstructions 0.76
(the shipped classifier's features, the 10,000 test images of Fashion-MNIST)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.autoencoder import Autoencoder

if __name__ == "__main__":
    train_command(Autoencoder)
