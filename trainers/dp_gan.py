"""Train a GAN whose discriminator has differential privacy: 4,000 steps of about 512 images, one to two minutes on two
cores. Needs dp-accounting: pip install dp-accounting

    python -m trainers.dp_gan --source fashion_mnist --privacy.epsilon 3

The same without privacy:

    python -m trainers.dp_gan --source fashion_mnist --privacy.epsilon None

expected at ε = 3 (a trial of half as many steps, docs/RESULTS.md): Fréchet distance 25.8 (5,000 samples, the shipped
classifier's features)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dp_gan import DPGAN

if __name__ == "__main__":
    train_command(DPGAN)
