"""Train the convolutional GAN of article 004 §3.4: 6,000 steps of 16 images, ten minutes on two cores.

    python -m trainers.conv_gan --source fashion_mnist

With all that the article prints:

    python -m trainers.conv_gan --second-dense --discriminator-stride 1 --discriminator-slope 0 --dropout 0

expected (trials, docs/RESULTS.md): Fréchet distance 57.4 after 50 s, all samples one picture: no setting was found
yet with which this network does not collapse
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.conv_gan import ConvGAN

if __name__ == "__main__":
    train_command(ConvGAN)
