"""The small sources of the metric tests."""

from tests.metrics.conftest import fresh_caches, small_networks, stripes

__all__ = ["fresh_caches", "small_networks", "stripes"]
