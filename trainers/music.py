"""Train music (000 §3.10.3): 6,000 steps of 8 windows, about fifteen minutes on two cores.

    python -m trainers.music --source FOLDER_OF_MIDI
    python -m trainers.music

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music import Music

if __name__ == "__main__":
    train_command(Music)
