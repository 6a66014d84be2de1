"""Where the words of a drawn page stand."""

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg

from documents.drawing import Page


def lines_of(page: Page) -> list[str]:
    """The page's lines of type, in the order in which they were set."""
    return [text.get_text() for text in page._axes.texts]


def assert_words_apart(page: Page) -> None:
    """No two lines of type touch, and none leaves the page."""
    canvas = FigureCanvasAgg(page._figure)
    canvas.draw()
    placed = [
        (text.get_text(), text.get_window_extent(canvas.get_renderer()).extents)
        for text in page._axes.texts
    ]
    for line, (left, bottom, right, top) in placed:
        assert (0 <= left < right <= page.width, line) == (True, line)
        assert (0 <= bottom < top <= page.height, line) == (True, line)
    touching = [
        (line, other)
        for (line, a), (other, b) in combinations(placed, 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1
    ]
    assert touching == []
