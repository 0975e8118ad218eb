"""Evaluation of variational autoencoders of sequences: likelihood bound, reconstruction, and use of the latent."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.families.series.vrae import RecurrentVAE
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.pca import PCA, principal_components, rows_to_fit
from aigc_tf.metrics.series.forecasts import root_mean_square
from aigc_tf.nn.variational import active_units, gaussian_kl
from aigc_tf.recipes.vrae import VRAE

MAX_COMPONENTS = 512
MAX_WINDOW_NUMBERS = 2**25  # in the windows that PCA is fitted to: 128 MB


class SequenceBounds(Evaluator):
    """Likelihood bound and reconstruction error of held-out sequences, compared with PCA.

    Figures, of standardised values:

    - negative_bound, in nats per sequence, lower is better, and kl_divergence, its KL term; being of a density, the
      bound can be negative;
    - nats_per_value: the bound per value; an autoregressive model sees more than the window. Both are compared with
      Gaussian densities of windows: probabilistic PCA with as many components as the model has latent dimensions, and
      with all, at most 512;
    - reconstruction_rmse: of sequences decoded from their posterior means, in standard deviations of each series, lower
      is better; compared with PCA of windows with as many components as the model has latent dimensions;
    - active_units: latent dimensions whose mean varies over sequences by more than 0.01 (Burda et al. 2016, §5.2).
    """

    def measure(self, model: RecurrentVAE, source: SeriesSource, recipe: VRAE, request: Request) -> Measurement:
        """Evaluate at most `request.samples` evenly spaced windows of the part, which overlap unless they are few.

        The only randomness is the bound's noise, which is fixed. See `Evaluator.measure`.
        """
        windows = source.windows_of(request.part, request.samples)
        mean, log_variance = model.posterior(windows)
        bound = held_out_loss(model, source, request.samples, request.part)
        rebuilt = source.scaling.standardise(model.decode(mean))
        linear = components_of(source, model.latent_dim)
        rows = windows.reshape(len(windows), -1)
        by_pca = root_mean_square(linear.project(rows) - rows)
        beside = {f"PCA of {len(linear.components)} components": by_pca}
        gaussians = {
            f"Gaussian of {len(fitted.components)} principal components and noise": -float(
                fitted.log_density(rows).mean()
            )
            for fitted in (linear, components_of(source, min(windows[0].size, MAX_COMPONENTS)))
        }
        by_value = {name: nats / windows[0].size for name, nats in gaussians.items()}
        figures = {
            "negative_bound": Figure(bound, "lower", gaussians),
            "nats_per_value": Figure(bound / windows[0].size, "lower", by_value),
            "kl_divergence": Figure(float(np.sum(gaussian_kl(mean, log_variance), axis=1).mean()), "neither"),
            "reconstruction_rmse": Figure(root_mean_square(rebuilt - windows), "lower", beside),
            "active_units": Figure(float(active_units(mean)), "neither"),
        }
        protocol = {
            "held-out sequences": len(windows),
            "length": recipe.series.length,
            f"{request.part} split": source.split_in_words(request.part),
            "series": ", ".join(source.scaling.names),
            "units": "deviations of each series from its mean, both of the training part",
            "pca": f"{len(linear.components)} components of {linear.examples} training windows",
        }
        return Measurement(figures, protocol)


def components_of(source: SeriesSource, count: int) -> PCA:
    """At most `count` principal components of standardised training windows, evenly spaced if there are very many."""
    wanted = rows_to_fit(source.count, source.window * len(source.scaling.names), MAX_WINDOW_NUMBERS)
    windows = source.windows_of("train", wanted)
    rows = windows.reshape(len(windows), -1)
    return principal_components(lambda: [rows], count)
