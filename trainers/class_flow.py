"""Train a class-conditional rectified flow: 10,000 steps of 64 images, about ten minutes on two cores.

    python -m trainers.class_flow --source fashion_mnist

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.class_flow import ClassFlow

if __name__ == "__main__":
    train_command(ClassFlow)
