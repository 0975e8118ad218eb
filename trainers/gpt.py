"""Train a small transformer (article 003 §4.1): 1,500 steps of 32 windows, three and a half minutes on two cores.

    python -m trainers.gpt
    python -m trainers.gpt --source book.txt

expected at the end (one seed, the language reference of Python): bits_per_character 1.71 on held-out text
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.gpt import GPT

if __name__ == "__main__":
    train_command(GPT)
