"""Train a volatility VAE on daily returns: 1,500 steps of 64 windows.

    python -m trainers.returns
    python -m trainers.returns --source sp500.csv --returns.column "Adj Close"
    python -m tools.sample saved_models/returns/RUN --count 8 --out paths.csv

expected at the end (S&P 500, 1999 to 2018, seed 0): QLIKE of the variance on the test days 0.401, of GARCH(1,1) 0.418
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.returns import Returns

if __name__ == "__main__":
    train_command(Returns)
