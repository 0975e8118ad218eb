"""Export a run as verified files.

    python -m tools.export saved_models/dcgan/RUN --format tflite --quantize dynamic
    python -m tools.export saved_models/dcgan/RUN --target-bytes 500000

Writes the model and export.json: sizes, operators, differences from Keras, latency. A file that does not agree
with Keras is deleted, and the command fails. `--format web` adds a web page that runs the file, for any web server:

    python -m tools.export saved_models/dcgan/RUN --format web --quantize dynamic --out page
    python -m http.server --directory page
"""

from aigc_tf.cli.export import main

if __name__ == "__main__":
    main()
