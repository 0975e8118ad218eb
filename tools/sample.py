"""Generate new examples with a run: pictures, text, series.

    python -m tools.sample saved_models/dcgan/RUN --count 64 --out samples.png

The extension of --out selects the format: .png a grid, .gif an interpolation between latents, .npy the array in [0, 1];
a folder, or a name without an extension, gets one PNG file per example. Text is printed, or written to a .json file or,
with any other extension, as it is printed; series go to a .csv, .png or .npy file. Files record that they were
generated, by which model, with which seed.

Latents can be truncated, interpolated, and moved along the directions that change the picture most, which are found
without labels:

    python -m tools.sample saved_models/dcgan/RUN --truncation 0.7
    python -m tools.sample saved_models/dcgan/RUN --interpolate --count 40
    python -m tools.sample saved_models/dcgan/RUN --direction 3 --range -3 3

Autoencoders also show each latent dimension from -3 to 3 standard deviations, a map of the two most active ones, an
interpolation between two pictures, and the training images nearest to a picture:

    python -m tools.sample saved_models/conv_vae/RUN --traverse
    python -m tools.sample saved_models/conv_vae/RUN --map --count 400
    python -m tools.sample saved_models/conv_vae/RUN --between a.png b.png --out between.gif
    python -m tools.sample saved_models/conv_vae/RUN --nearest a.png --count 15

GANs and VAEs invert a picture to a latent, report the error, and mix it with another; a family tree records the
latents, and its members can be mixed again by name:

    python -m tools.sample saved_models/dcgan/RUN --invert a.png --mix b.png --family family.json
    python -m tools.sample saved_models/dcgan/RUN --invert 3 --mix c.png --family family.json

The best of several candidates per picture is kept, rated by a GAN's own discriminator or by a classifier, and pictures
are enlarged by a run of `upscale`:

    python -m tools.sample saved_models/dcgan/RUN --best-of 8 --out samples.png
    python -m tools.sample saved_models/conv_vae/RUN --best-of 8 --best-by saved_models/semi_vae/RUN --out samples.png
    python -m tools.sample saved_models/dcgan/RUN --upscale saved_models/upscale/RUN --out large/

Text models continue a prompt; with --stream they print tokens as they are generated:

    python -m tools.sample saved_models/gpt/RUN --prompt "In the beginning" --temperature 0.8 --top-k 40 --stream
    python -m tools.sample saved_models/text_vae/RUN --between "And God said" "And it was so"

Many of these flags are shorthands for `tools.explore` and `tools.forecast`. `python -m tools.sample --help` lists the
options by recipe; `python -m tools.sample RUN --help` shows those of RUN.
"""

from aigc_tf.cli.sample import main

if __name__ == "__main__":
    main()
