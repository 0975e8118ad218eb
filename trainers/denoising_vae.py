"""Train the denoising VAE of article 004 §3.4 for Gaussian noise of 50/255: 8,000 steps of 128 images, five and a half
minutes on two cores.

    python -m trainers.denoising_vae --source fashion_mnist

Its 20 latent dimensions cannot encode fine detail: `trainers.denoising_autoencoder` is the better denoiser.

expected at the end (one seed): PSNR 20.2 dB and SSIM 0.69 on the 10,000 test images of Fashion-MNIST, whose noisy
inputs have 16.1 dB and 0.54
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.denoising_vae import DenoisingVAE

if __name__ == "__main__":
    train_command(DenoisingVAE)
