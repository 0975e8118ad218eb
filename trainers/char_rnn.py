"""Train the recurrent language model of characters of document 001 §3.3.

    python -m trainers.char_rnn

expected at the end: bits_per_character 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.char_rnn import CharRNN

if __name__ == "__main__":
    train_command(CharRNN)
