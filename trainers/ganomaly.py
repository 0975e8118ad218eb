"""Train PLACEHOLDER

    python -m trainers.ganomaly --source fashion_mnist

expected at the end: 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.ganomaly import GANomaly

if __name__ == "__main__":
    train_command(GANomaly)
