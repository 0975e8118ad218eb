"""Show what a language model expects, and what it attends to.

    python -m tools.explain saved_models/gpt/RUN --text "In the beginning God created the heaven"

writes `surprise.html`, the text with each symbol coloured by its loss, and of a transformer `attention.png`, the
weights of every head, into the run's folder, or into --out.
"""

from aigc_tf.cli.explain import main

if __name__ == "__main__":
    main()
