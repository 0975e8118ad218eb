"""Train a denoising autoencoder for Gaussian noise of 50/255: 3,000 steps of 32 images, about three minutes.

    python -m trainers.denoising_autoencoder --source fashion_mnist
    python -m trainers.denoising_autoencoder --corruption.gaussian 0 --corruption.salt-and-pepper 0.3

expected at the end (one seed): PSNR 24.1 dB and SSIM 0.84 on the 10,000 test images of Fashion-MNIST, whose noisy
inputs have 16.1 dB and 0.54
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.denoising_autoencoder import DenoisingAutoencoder

if __name__ == "__main__":
    train_command(DenoisingAutoencoder)
