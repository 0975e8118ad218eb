"""Train a word-level LSTM (article 001 §3.3): 1,500 steps of 32 rows of 32, two and a half minutes on two cores.

    python -m trainers.word_lstm

expected at the end (one seed, the language reference of Python): perplexity 82.7 of held-out words and punctuation
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.word_lstm import WordLSTM

if __name__ == "__main__":
    train_command(WordLSTM)
