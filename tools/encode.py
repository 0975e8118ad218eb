"""Encode inputs as latent vectors.

    python -m tools.encode saved_models/conv_vae/RUN photos --out latents.npz
    python -m tools.encode saved_models/text_vae/RUN --text "And God said" --out latents.npz

Pictures are cropped and resized to the run's size as for training. The file holds the encoder's outputs, float32
`[count, latent_dim]` (`latent`; for a variational autoencoder `mean` and `log_variance`), and `names`, the files in
the same order. Read it with `numpy.load(path, allow_pickle=False)`.
"""

from aigc_tf.cli.encode import main

if __name__ == "__main__":
    main()
