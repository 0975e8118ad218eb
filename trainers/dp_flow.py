"""Train a flow with differential privacy: 1,000 steps of about 1,024 images. Needs dp-accounting: pip install
dp-accounting

    python -m trainers.dp_flow --source fashion_mnist --privacy.epsilon 3

The same without privacy:

    python -m trainers.dp_flow --source fashion_mnist --privacy.epsilon None

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dp_flow import DPFlow

if __name__ == "__main__":
    train_command(DPFlow)
