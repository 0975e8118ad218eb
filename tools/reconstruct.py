"""Reconstruct pictures with an autoencoder, or denoise them with a denoising one.

    python -m tools.reconstruct saved_models/denoising_autoencoder/RUN photos --out cleaned
    python -m tools.reconstruct saved_models/conv_vae/RUN a.png b.jpg --out reconstructed --side-by-side

Pictures are cropped and resized to the run's size as for training, and used as they are: no noise is added to the
inputs of a denoiser. The results are PNG files with the names of the inputs, a folder's sub-folders included; a second
picture of the same name becomes NAME-2.png. Existing files are never overwritten. `tools.transform` does the same for
every model that maps inputs to outputs.
"""

from aigc_tf.cli.transform import reconstruct_main as main

if __name__ == "__main__":
    main()
