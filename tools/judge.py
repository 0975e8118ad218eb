"""Human evaluation: a page on which people say which examples are real, and the evaluation of their answers.

    python -m tools.judge saved_models/dcgan/RUN --count 40 --out sheet
    python -m tools.judge saved_models/dcgan/RUN --out sheet --answers answers-ann.json answers-bo.json

The first writes sheet/index.html, a single file to hand out, and sheet/key.json to keep. The page sends nothing
anywhere: it saves answers as a file.
"""

from aigc_tf.cli.judge import main

if __name__ == "__main__":
    main()
