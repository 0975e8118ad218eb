"""Train one encoder with two heads, reconstruction and classification: 4,000 steps of 64 pictures.

    python -m trainers.multi_task --source fashion_mnist --labelled.per-class 50
    python -m trainers.multi_task --source fashion_mnist --labelled.per-class 50 --reconstruction-weight 0
    python -m trainers.multi_task --source fashion_mnist --labelled.per-class 50 --class-weight 0

The second and third train one head only; `tools.evaluate` measures both heads of each.

expected after 600 steps (50 labels a class, one seed): accuracy 78.8 % on 10,000 test pictures, PSNR of reconstructions
19.5 dB (docs/RESULTS.md); a run of all 4,000 steps was not measured
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.multi_task import MultiTask

if __name__ == "__main__":
    train_command(MultiTask)
