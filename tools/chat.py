"""Chat with a dialogue model, line by line, in a terminal or a pipe.

    python -m tools.chat saved_models/dialogue/RUN
    echo "What is AI?" | python -m tools.chat saved_models/dialogue/RUN --beams 1

An empty line starts a new conversation.
"""

from aigc_tf.cli.chat import main

if __name__ == "__main__":
    main()
