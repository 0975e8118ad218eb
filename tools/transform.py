"""Apply a model to inputs, and save its outputs: denoise or reconstruct pictures, translate or summarise texts, ...

    python -m tools.transform saved_models/denoising_autoencoder/RUN photos --out cleaned
    python -m tools.transform saved_models/denoising_autoencoder/RUN a.png --out a-clean.png
    python -m tools.transform saved_models/text_vae/RUN --text "And God said" "And it was so" --side-by-side
    python -m tools.transform saved_models/summary/RUN --text "..."
    python -m tools.transform saved_models/translation/RUN input.txt --out output.txt
    cat input.txt | python -m tools.transform saved_models/translation/RUN - > output.txt

Text-to-text models take each line as a separate input, unless --whole is given.
A folder gives a folder with the same names in it; a second file of the same name becomes NAME-2. Existing files are
never overwritten. `python -m tools.transform --help` lists the options by recipe.
"""

from aigc_tf.cli.transform import main

if __name__ == "__main__":
    main()
