"""Train the music transformer (000 §3.10.3): 1,800 steps of 8 windows, about eight minutes on one core.

    python -m trainers.music --source FOLDER_OF_MIDI
    python -m trainers.music

expected at the end (means of three seeds): an NLL of 0.400 nats per cell on test chorales, and 0.396 given the soprano;
an n-gram has 0.539 and 0.521
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music import Music

if __name__ == "__main__":
    train_command(Music)
