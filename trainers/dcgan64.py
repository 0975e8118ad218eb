"""Train the DCGAN of 64x64 colour images of article 003 §6.1: 10,000 steps of 32 images, 20 minutes on two
cores.

    python -m trainers.dcgan64 --source FOLDER

expected (a trial, docs/RESULTS.md): Fréchet distance 49.0 after 50 s of 1,711 emoji, still blobs
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dcgan64 import DCGAN64

if __name__ == "__main__":
    train_command(DCGAN64)
