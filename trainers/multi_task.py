"""Train one encoder with two heads, which give pictures back and tell their classes: 4,000 steps of 64 pictures.

    python -m trainers.multi_task --source fashion_mnist --labelled.per-class 50
    python -m trainers.multi_task --source fashion_mnist --labelled.per-class 50 --reconstruction-weight 0
    python -m trainers.multi_task --source fashion_mnist --labelled.per-class 50 --class-weight 0

The second and third train either head alone; `tools.evaluate` measures both sides of each.

expected after 600 steps (50 labels a class, one seed): 78.8 % of 10,000 test pictures, PSNR of reconstructions 19.5 dB
(docs/RESULTS.md); all 4,000 were not measured
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.multi_task import MultiTask

if __name__ == "__main__":
    train_command(MultiTask)
