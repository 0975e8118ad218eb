"""Train CTGAN on a table: 2,000 steps of 200 rows.

    python -m trainers.table_gan
    python -m trainers.table_gan --source patients.csv --table.target recovered
    python -m tools.sample saved_models/table_gan/RUN --count 1000 --out rows.csv

expected at the end (auto, seed 0): gradient boosting trained on generated rows has an AUC of 0.766 on real ones;
trained on rows of a Gaussian copula 0.875
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.table_gan import TableGAN

if __name__ == "__main__":
    train_command(TableGAN)
