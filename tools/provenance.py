"""Show the provenance of a generated file, detect watermarks, verify that a run reproduces it, or sign it.

    python -m tools.provenance samples-seed0.png
    python -m tools.provenance samples-seed0.png --verify saved_models/dcgan/RUN --json
    python -m tools.sample saved_models/dcgan/RUN --watermark KEY --out pictures
    python -m tools.provenance pictures/0.png --watermark KEY
    python -m tools.provenance pictures/0.png --sign key.pem --certificate chain.pem --out signed.png
    python -m tools.provenance signed.png --certificate root.pem

Pictures, sounds, MIDI files, clips, JSON and .tflite files embed their mark of origin; that of texts, tables and arrays
is beside them, in NAME.origin.json or in the folder's origin.json. Saving a file with another program may lose it.
A watermark, which sampling embeds in pictures and texts, stays. A signature (content credentials of C2PA) is lost, too,
but while present it says who signed the file and whether it was changed. docs/PRIVACY.md: how keys are made.
"""

from aigc_tf.cli.provenance import main

if __name__ == "__main__":
    main()
