"""An image of many maps, whose cells are squares of whole pixels.

matplotlib resamples images in floating point, which takes seconds for many maps. Cells of whole
pixels need no resampling. This module imports matplotlib.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.transforms import Affine2D


class Cells(AxesImage):
    """An image whose cells are squares of whole pixels where a picture has pixels."""

    def __init__(self, axes: Axes, colours: np.ndarray, dots: int) -> None:
        """Fill the axes.

        Args:
            colours: [rows][columns][4] bytes: red, green, blue and opacity of each cell.
            dots: pixels that a cell is wide and high at the figure's resolution.
        """
        rows, columns = colours.shape[:2]
        super().__init__(axes, extent=(0, columns, rows, 0), origin="upper", interpolation="none")
        self.set_data(colours)
        self._colours, self._dots = colours, dots
        axes.add_image(self)
        axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])

    def make_image(
        self, renderer: Any, magnification: float = 1.0, unsampled: bool = False
    ) -> tuple[np.ndarray, float, float, Any]:
        """The image for a renderer; unscaled if the renderer scales itself."""
        if unsampled:
            made: tuple[np.ndarray, float, float, Any] = super().make_image(
                renderer, magnification, unsampled=True
            )
            return made
        large = self._colours[::-1].repeat(self._dots, 0).repeat(self._dots, 1)
        place = self.get_window_extent(renderer)
        return large, round(place.x0), round(place.y0), Affine2D()
