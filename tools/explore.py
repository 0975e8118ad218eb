"""Explore the latent space of a run: interpolations, directions, traversals, edited pictures.

    python -m tools.explore saved_models/dcgan/RUN interpolate --count 40
    python -m tools.explore saved_models/dcgan/RUN direction 3 --range -3 3
    python -m tools.explore saved_models/conv_vae/RUN traverse --out traversals.png
    python -m tools.explore saved_models/conv_vae/RUN map --count 400
    python -m tools.explore saved_models/conv_vae/RUN between a.png b.png --out way.gif
    python -m tools.explore saved_models/text_vae/RUN between "And God said" "And it was so"
    python -m tools.explore saved_models/conv_vae/RUN nearest a.png --count 15

GANs and VAEs of pictures invert and mix two pictures, and move one along an attribute, given pictures with and without
it: files, or folders of them. --family records latents and parents.

    python -m tools.explore saved_models/dcgan/RUN invert a.png --mix b.png --family family.json
    python -m tools.explore saved_models/conv_vae/RUN attribute a.png --having long/ --lacking short/ --strength 2

`python -m tools.explore RUN direction --help` shows the options of one of these commands.
"""

from aigc_tf.cli.explore import main

if __name__ == "__main__":
    main()
