"""Train the convolutional GAN of article 004 §3.4: 3,000 steps of 16 images, and of 48 for the discriminator, about six
minutes on two cores.

    python -m trainers.conv_gan --source fashion_mnist

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.conv_gan --source fashion_mnist --printed

expected (docs/RESULTS.md): Fréchet distance 5.2 after five minutes of training (--steps 2500), 3.6 after ten (--steps
4900); 10,000 samples, the shipped classifier's features
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.conv_gan import ConvGAN

if __name__ == "__main__":
    train_command(ConvGAN)
