"""Train dialogue: replies to questions, or to the last turns (000 §2.3): 3,000 steps of 32 pairs, about ten minutes.

    python -m trainers.dialogue --source dialogue.tsv --pairs.columns 2 3
    python -m trainers.dialogue --source turns.tsv --pairs.columns 1 2 3 4
    python -m trainers.dialogue --source few.tsv --drop-words 0.3 --dropout 0.3     # up to some thousand pairs

With more than two columns all but the last are the turns before the reply: python -m tools.chat RUN passes as many.

expected at the best checkpoint (one seed, 1,500 steps on 1,807 pairs): perplexity 346 of held-out replies, with the
third command's flags 232; a 5-gram of the training replies has 310; it needs far more pairs
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dialogue import Dialogue

if __name__ == "__main__":
    train_command(Dialogue)
