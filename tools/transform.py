"""Apply a model to inputs, and save its outputs: a denoiser cleans pictures, an autoencoder reconstructs them.

    python -m tools.transform saved_models/denoising_autoencoder/RUN photos --out cleaned
    python -m tools.transform saved_models/denoising_autoencoder/RUN a.png --out a-clean.png
    python -m tools.transform saved_models/text_vae/RUN --text "And God said" "And it was so" --side-by-side
    python -m tools.transform saved_models/summary/RUN --text "..."
    python -m tools.transform saved_models/translation/RUN input.txt --out output.txt
    cat input.txt | python -m tools.transform saved_models/translation/RUN - > output.txt

Models that make a text of a text read each line of it as one, unless they are told --whole.
A folder gives a folder with the same names in it; a second file of the same name becomes NAME-2. Files that are there
already are never overwritten. `python -m tools.transform --help` says which runs have which options.
"""

from aigc_tf.cli.transform import main

if __name__ == "__main__":
    main()
