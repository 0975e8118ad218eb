"""Say where a generated file comes from, and whether a run makes the same bits again.

    python -m tools.provenance samples-seed0.png
    python -m tools.provenance samples-seed0.png --verify saved_models/dcgan/RUN --json

Pictures, sounds, MIDI files, clips, JSON and .tflite files hold their mark themselves; that of texts, tables and arrays
is beside them, in NAME.origin.json or in the folder's origin.json. Saving a file with another program may lose it.
"""

from aigc_tf.cli.provenance import main

if __name__ == "__main__":
    main()
