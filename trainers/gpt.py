"""Train the small decoder-only transformer of document 003 §4.1.

    python -m trainers.gpt

expected at the end: bits_per_character 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.gpt import GPT

if __name__ == "__main__":
    train_command(GPT)
