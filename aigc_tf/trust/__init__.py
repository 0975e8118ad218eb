"""Why a model judges as it does, how far that can be trusted, and how it stands attacks."""
