"""Train the least-squares GAN (article 004 §4.1): 6,000 steps of 16 images, four and a half minutes on two cores.

    python -m trainers.lsgan --source fashion_mnist

expected (docs/RESULTS.md): Fréchet distance 3.9 after five minutes of training (--steps 8000), 3.2 after ten (--steps
16000); 10,000 samples, the shipped classifier's features
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.lsgan import LSGAN

if __name__ == "__main__":
    train_command(LSGAN)
