r"""Train the convolutional VAE of article 004 §3.4: 8,000 steps of 128 images, five and a half minutes on two cores.

    python -m trainers.conv_vae --source fashion_mnist

With the widths that the article prints:

    python -m trainers.conv_vae --latent-dim 8 --convolutions.encoder-filters 32 64 --convolutions.encoder-units 16 \
        --convolutions.decoder-units 16 --convolutions.start-filters 32 \
        --convolutions.decoder-filters.0 64 128 128 --convolutions.decoder-filters.1 128 128 \
        --convolutions.decoder-filters.2 128 --convolutions.enlargement nearest --convolutions.activation relu \
        --batch-size 64 --optimizer.learning-rate 1e-3

expected at the end (one seed): evidence lower bound -235.8 nats, Fréchet distance of samples 5.2 (the shipped
classifier's features, 10,000 samples against the test split of Fashion-MNIST)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.conv_vae import ConvVAE

if __name__ == "__main__":
    train_command(ConvVAE)
