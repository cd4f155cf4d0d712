"""A sheet on which a widget lays out its panels and lines of text, measured in points from the top left corner."""

from matplotlib.figure import Figure

from dlcore.plots import INK

__all__ = ["WIDTH", "Sheet"]

WIDTH = 340
"""Points. A sheet of this width fits a phone's screen with text of 10 points at a legible 9 pixels or more."""


class Sheet:
    """Collects panels and texts; its height follows from what lies on it."""

    def __init__(self):
        self._panels, self._texts = [], []
        self.height = 0

    def panel(self, x, y, width, height, draw):
        """Reserve a rectangle and draw it with ``draw(axes)``. Return its lower edge."""
        self._panels.append((x, y, width, height, draw))
        self.height = max(self.height, y + height)
        return y + height

    def text(self, x, y, text, size=10, **options):
        """Write one line whose top is at `y`. Return where the next line begins."""
        self._texts.append((x, y, text, {"fontsize": size, "color": INK, **options}))
        self.height = max(self.height, y + 1.45 * size)
        return y + 1.45 * size

    def figure(self):
        """Return what was laid out as a matplotlib figure."""
        figure = Figure(figsize=(WIDTH / 72, self.height / 72), layout="none")
        # An empty frame over the whole sheet keeps its width when the figure is cropped to what is drawn.
        sheet = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(self.height, 0))
        sheet.set_axis_off()
        for x, y, text, options in self._texts:
            sheet.text(x, y, text, va="top", **options)
        for x, y, width, height, draw in self._panels:
            bottom = 1 - (y + height) / self.height
            draw(figure.add_axes((x / WIDTH, bottom, width / WIDTH, height / self.height)))
        return figure
