"""Train the DCGAN of article 002 §5.2.

python -m trainers.dcgan
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dcgan import DCGAN

if __name__ == "__main__":
    train_command(DCGAN)
