"""Sources of video with one style image."""

from __future__ import annotations

import dataclasses
from typing import Any

from aigc_tf.data.photos.styled import StylePicture, style_pixels
from aigc_tf.data.video.opening import open_source
from aigc_tf.data.video.source import VideoSource
from aigc_tf.recipes.style_video import StyleVideo


def open_styled(recipe: StyleVideo, data: Any = None) -> VideoSource:
    """Open the clips of a recipe, with its style image as the asset `style`; see `open_source`.

    Raises:
        InputError: the clips or the style image cannot be used.
    """
    picture = StylePicture(style_pixels(recipe))  # before the clips, which may take long
    source = open_source(recipe, data)
    return dataclasses.replace(source, promises={**source.promises, "style": picture})
