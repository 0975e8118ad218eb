"""Train paired image-to-image translation: 6,000 steps of 4 pairs, about seven minutes.

    python -m trainers.pix2pix --source FOLDER_A --target FOLDER_B

expected at the end (one seed, Noto's emoji to Twemoji's, 64x64): PSNR 13.8 dB on test pairs; copying the input has
11.7 dB, the target of the nearest training pair 12.9 dB
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.pix2pix import Pix2Pix

if __name__ == "__main__":
    train_command(Pix2Pix)
