"""Train the text VAE of article 003 §6.2: 2,000 steps of 32 lines, two and a half minutes on two cores.

    python -m trainers.text_vae
    python -m trainers.text_vae --source sentences.txt --text.length 60

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.text_vae --source sentences.txt --printed

expected at the end (one seed, the language reference of Python): negative ELBO 64.0 nats per line, 6.5 of them KL
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.text_vae import TextVAE

if __name__ == "__main__":
    train_command(TextVAE)
