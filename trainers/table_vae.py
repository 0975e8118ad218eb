"""Train TVAE on a table: 1,500 steps of 100 rows.

    python -m trainers.table_vae
    python -m trainers.table_vae --source patients.csv --table.target recovered
    python -m tools.sample saved_models/table_vae/RUN --count 1000 --out rows.csv

expected at the end (breast_cancer, seed 0): an AUC of 0.990 of gradient boosting that learnt from drawn rows and is
tested on real tumours; from rows of a Gaussian copula 0.973, from real ones 0.999
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.table_vae import TableVAE

if __name__ == "__main__":
    train_command(TableVAE)
