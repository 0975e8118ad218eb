"""Train colourisation of grey photographs: 6,000 steps of 8 crops, about fifteen minutes.

    python -m trainers.colourise --source FOLDER

expected at the end (one seed): PSNR 18.0 dB on 64x64 emoji, the grey inputs have 17.2; grey does not determine the
colour of an object, and a few photographs are not enough to learn it (docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.colourise import Colourise

if __name__ == "__main__":
    train_command(Colourise)
