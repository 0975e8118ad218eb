"""Train a GAN with differential privacy: 1,000 steps, each with two batches of about 1,024 images, two minutes on two
cores. Needs dp-accounting: pip install dp-accounting

    python -m trainers.dp_gan --source fashion_mnist --privacy.epsilon 3

expected (docs/RESULTS.md): Fréchet distance 15.5 at ε = 1, 11.1 at 3 and 10.9 at 10 (10,000 samples, the shipped
classifier's features); samples are recognisable, with speckled surfaces. Without privacy use dcgan.
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dp_gan import DPGAN

if __name__ == "__main__":
    train_command(DPGAN)
