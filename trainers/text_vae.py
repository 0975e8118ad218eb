"""Train the text VAE of document 003 §6.2.

    python -m trainers.text_vae

expected at the end: bits_per_character 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.text_vae import TextVAE

if __name__ == "__main__":
    train_command(TextVAE)
