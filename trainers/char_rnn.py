"""Train a character-level LSTM (article 001 §3.3): 1,500 steps of 32 rows of 64, five minutes on two cores.

    python -m trainers.char_rnn
    python -m trainers.char_rnn --recurrent.cell gru

expected at the end (one seed, the language reference of Python): bits_per_character 1.73 on held-out text
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.char_rnn import CharRNN

if __name__ == "__main__":
    train_command(CharRNN)
