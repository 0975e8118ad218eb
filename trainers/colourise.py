"""TODO

    python -m trainers.colourise --source FOLDER

expected at the end (one seed): 0 dB
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.colourise import Colourise

if __name__ == "__main__":
    train_command(Colourise)
