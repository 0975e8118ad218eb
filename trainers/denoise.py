"""Train a denoiser of photographs for noise of any strength: 6,000 steps of 8 crops, about fifteen minutes.

    python -m trainers.denoise --source FOLDER
    python -m trainers.denoise --source FOLDER --noise jpeg --strength 10 60

expected at the end: not measured in full yet, docs/RESULTS.md says what shorter trainings of 0.2 reach
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.denoise import Denoise

if __name__ == "__main__":
    train_command(Denoise)
