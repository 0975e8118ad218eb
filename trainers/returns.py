"""Train a volatility VAE on daily returns: 1,500 steps of 64 windows.

    python -m trainers.returns
    python -m trainers.returns --source sp500.csv --returns.column "Adj Close"
    python -m tools.sample saved_models/returns/RUN --count 8 --out paths.csv

expected at the end (): TODO 0
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.returns import Returns

if __name__ == "__main__":
    train_command(Returns)
