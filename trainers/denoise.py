"""TODO

    python -m trainers.denoise --source FOLDER

expected at the end (one seed): 0 dB
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.denoise import Denoise

if __name__ == "__main__":
    train_command(Denoise)
