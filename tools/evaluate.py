"""Evaluate the quality of a run.

    python -m tools.evaluate saved_models/dcgan/RUN [--samples 10000] [--features inception] [--json]

Every figure comes with its direction (higher or lower is better), baselines, and the protocol; the last line of the
output with --json is one JSON object.
"""

from aigc_tf.cli.evaluate import main

if __name__ == "__main__":
    main()
