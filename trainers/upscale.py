"""Train a network that makes photographs twice as large: 4,600 steps of 16 crops, about ten minutes.

    python -m trainers.upscale --source FOLDER
    python -m trainers.upscale --source FOLDER --scale 4 --photos.crop 96

expected at the end: not measured in full yet, docs/RESULTS.md says what shorter trainings of 0.2 reach
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.upscale import Upscale

if __name__ == "__main__":
    train_command(Upscale)
