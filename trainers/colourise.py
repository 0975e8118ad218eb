"""Train a network that colours grey photographs: 6,000 steps of 8 crops, about fifteen minutes.

    python -m trainers.colourise --source FOLDER

expected at the end (one seed): 18.0 dB on 64x64 emoji, the grey ones have 17.2; what colour a thing has, its grey
does not say, and a few photographs teach nothing (docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.colourise import Colourise

if __name__ == "__main__":
    train_command(Colourise)
