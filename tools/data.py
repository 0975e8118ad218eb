"""Inspect a data source as a recipe would read it, before training.

python -m tools.data ~/photos/leaves
python -m tools.data book.txt --recipe gpt --text.lines --out book.png
"""

from aigc_tf.cli.data import main

if __name__ == "__main__":
    main()
