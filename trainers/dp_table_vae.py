"""Train TVAE on a table with differential privacy: 1,000 steps of 256 rows on average.

    python -m trainers.dp_table_vae --source patients.csv --privacy.epsilon 3

expected at the end (): TODO 0
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dp_table_vae import DPTableVAE

if __name__ == "__main__":
    train_command(DPTableVAE)
