"""Train the convolutional GAN of article 004 §3.4: 6,000 steps of 16 images, four and a half minutes on two cores.

    python -m trainers.conv_gan --source fashion_mnist

With all that the article prints:

    python -m trainers.conv_gan --second-dense --discriminator-stride 1 --discriminator-slope 0 --dropout 0

expected (docs/RESULTS.md): the Fréchet distance after 5 and 10 minutes (the shipped classifier's features, 10,000
samples against the test split of Fashion-MNIST)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.conv_gan import ConvGAN

if __name__ == "__main__":
    train_command(ConvGAN)
