"""Train a small transformer on lines of text with line-level differential privacy: 400 steps of about 512 lines, a
quarter of an hour on two busy cores. Needs dp-accounting: pip install dp-accounting

    python -m trainers.dp_gpt --source lines.txt --text.length 120 --privacy.epsilon 3

The same without privacy:

    python -m trainers.dp_gpt --source lines.txt --text.length 120 --privacy.epsilon None

expected at ε = 3 for the King James Bible (docs/RESULTS.md): 3.04 bits per character
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dp_gpt import DPGPT

if __name__ == "__main__":
    train_command(DPGPT)
