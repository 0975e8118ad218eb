"""Train the convolutional GAN of article 004 §3.4: TODO

    python -m trainers.conv_gan --source fashion_mnist

expected at the end: TODO 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.conv_gan import ConvGAN

if __name__ == "__main__":
    train_command(ConvGAN)
