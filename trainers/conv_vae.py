"""Train the convolutional VAE of article 004 §3.4: 8,000 steps of 128 images, five and a half minutes on two cores.

    python -m trainers.conv_vae --source fashion_mnist

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.conv_vae --source fashion_mnist --printed

With a learnt prior, for samples closer to the data (Fréchet distance 3.2 instead of 5.0, docs/RESULTS.md):

    python -m trainers.conv_vae --source fashion_mnist --prior.couplings 8

expected at the end, without it (one seed): evidence lower bound -235.8 nats, Fréchet distance of samples 5.2 (the
shipped classifier's features, 10,000 samples against the test split of Fashion-MNIST)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.conv_vae import ConvVAE

if __name__ == "__main__":
    train_command(ConvVAE)
