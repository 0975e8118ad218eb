r"""Train the convolutional GAN of article 004 §3.4: 3,000 steps of 16 images, and of 48 for the discriminator, some six
minutes on two cores.

    python -m trainers.conv_gan --source fashion_mnist

With all that the article prints (batch normalisation stays, in the generator):

    python -m trainers.conv_gan --second-dense --generator-slope 0 --discriminator-filters 64 128 \
        --discriminator-stride 1 --discriminator-slope 0 --dropout 0 --discriminator-steps 1 --r1.weight 0

expected (docs/RESULTS.md): Fréchet distance 5.2 after five minutes of training (--steps 2500), 3.6 after ten (--steps
4900); 10,000 samples, the shipped classifier's features
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.conv_gan import ConvGAN

if __name__ == "__main__":
    train_command(ConvGAN)
