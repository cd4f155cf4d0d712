"""What pyplot draws with in a live cell: matplotlib's ``module://`` backend that shows figures in the page.

matplotlib imports it when a cell makes its first figure; from then on the book's style holds.
"""

from matplotlib import pyplot, rcParams, rcParamsDefault
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from dlcore import live, plots


def _use_style():
    """Draw in the book's style, but for what the cell has set before its first figure."""
    # "backend" is left alone: to read it is to choose one.
    names = (name for name in rcParams if name != "backend")
    own = {name: rcParams[name] for name in names if rcParams[name] != rcParamsDefault[name]}
    plots.use_style()
    rcParams.update(own)


if live.current():
    _use_style()


class FigureManager(FigureManagerBase):
    """Shows all open figures when the code says ``plt.show()``."""

    @classmethod
    def pyplot_show(cls, *, block=None):
        if session := live.current():
            session.show_figures()


class FigureCanvas(FigureCanvasAgg):
    """A canvas whose figures are shown by `FigureManager`."""

    manager_class = FigureManager


def picture(figure):
    """Return a figure as SVG for the page, and its text alternative, which is made of its titles and labels."""
    alt = _alternative(figure)
    for text in figure.findobj(Text):
        # A dark page would hide it.
        if plots.is_black(text):
            text.set_color(plots.INK)
    return plots.picture(figure, alt), alt


def forget(figure):
    """Close a figure in pyplot, so that it is not shown a second time when the cell ends."""
    pyplot.close(figure)


def _alternative(figure):
    """Say what a figure's own words say."""
    parts = [figure.get_suptitle()]
    for axes in figure.axes:
        labels = " against ".join(filter(None, [axes.get_ylabel(), axes.get_xlabel()]))
        parts += [axes.get_title(), labels]
    words = ". ".join(part for part in parts if part.strip())
    return "A figure without a description." + (f" Its words: {words}." if words else "")
