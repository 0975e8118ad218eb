"""Train the linear autoregressive model of article 002 §3.3: 10 steps of all windows, seconds on two cores.

    python -m trainers.ar
    python -m trainers.ar --source sunspots.csv --series.length 9 --season 11

expected at the end, on the synthetic default series: RMSE of held-out one-step forecasts 0.381 standard deviations of
the series (its irreducible noise is 0.369), 12 steps ahead 1.59 in its own units
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.ar import AR

if __name__ == "__main__":
    train_command(AR)
