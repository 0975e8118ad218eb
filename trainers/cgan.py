"""Train the class-conditional GAN: 6,000 steps of 16 images, four and a half minutes on two cores.

    python -m trainers.cgan --source fashion_mnist

expected (docs/RESULTS.md): Fréchet distance 2.4 after five minutes of training (--steps 8000), 1.1 after ten (--steps
16000); 10,000 samples, the shipped classifier's features, which assigns as many samples as test images to their class
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.cgan import CGAN

if __name__ == "__main__":
    train_command(CGAN)
