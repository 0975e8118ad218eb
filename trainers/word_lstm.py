"""Train the LSTM language model of words of document 001 §3.3.

    python -m trainers.word_lstm

expected at the end: bits_per_character 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.word_lstm import WordLSTM

if __name__ == "__main__":
    train_command(WordLSTM)
