"""Plots of what happens in the layers of a deep network: how large its gradients are, and how they are spread."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..gradient_flow import BEARABLE, HEALTHY
from .style import GREEN, LINES, POINTS, house_style, label_axes, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKED = 40  # with more points than this a line has no markers
_BARS = 4  # of a histogram for each power of ten


def gradient_norms(
    norms: Mapping[str, Any],
    finding: str,
    *,
    x: str = "layer",
    y: str = "gradient norm ‖∂L/∂W‖",
    log_x: bool = False,
) -> "Figure":
    """Norms by name, each a row with an entry for each layer (or epoch, …) from 1 on, on a logarithmic axis.

    The healthy range of gradient norms is shaded; dashed are the limits beyond which nothing is learnt.
    log_x : the horizontal axis is logarithmic too, so that the first entries are not lost.
    """
    with house_style():
        from matplotlib.ticker import MaxNLocator

        figure = new_figure()
        axes = figure.add_subplot()
        rows = {name: np.asarray(row, dtype=float) for name, row in norms.items()}
        for k, (name, row) in enumerate(rows.items()):
            if row.ndim != 1 or not row.size:
                raise ValueError(f"norms of {name}: expected numbers in a row; given was shape {row.shape}.")
            look = dict(LINES[k % len(LINES)])
            if len(row) <= _MARKED:
                look["marker"] = POINTS[k % len(POINTS)]["marker"]
            axes.plot(np.arange(1, len(row) + 1), row, label=name, **look)
        axes.set_yscale("log")
        axes.axhspan(*HEALTHY, color=GREEN, alpha=0.15, linewidth=0, label="healthy")
        for limit in BEARABLE:
            axes.axhline(limit, color="#666666", linestyle=(0, (2, 3)), linewidth=1)
        seen = np.concatenate([row[row > 0] for row in rows.values()])
        axes.set_ylim(seen.min() / 3, seen.max() * 3)
        if log_x:
            axes.set_xscale("log")
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        label_axes(axes, finding, x, y)
        axes.legend(loc="best")
    return figure


def gradient_spread(
    gradients: Mapping[str, Sequence[Any]], finding: str, *, x: str = "layer", y: str = "size of the entries of ∂L/∂W"
) -> "Figure":
    """Histograms side by side, turned upright and mirrored: how the sizes of a layer's gradient entries are spread.

    gradients : by name (of a moment, say), an array for each layer. Entries that are 0 are left out.
    """
    with house_style():
        figure = new_figure(7.2, 4.4)
        axes = figure.add_subplot()
        share = 0.8 / max(len(gradients), 1)
        deepest = 0
        for k, (name, layers) in enumerate(gradients.items()):
            look = {"facecolor": POINTS[k % len(POINTS)]["color"], "hatch": ["", "//", "..", "xx"][k % 4]}
            for number, layer in enumerate(layers, start=1):
                sizes = np.abs(np.ravel(np.asarray(layer, dtype=float)))
                sizes = np.log10(sizes[sizes > 0])
                if not sizes.size:
                    continue
                low, high = np.floor(_BARS * sizes.min()), np.floor(_BARS * sizes.max()) + 1
                counts, edges = np.histogram(sizes, np.arange(low, high + 1) / _BARS)
                half = np.repeat(counts / counts.max(), 2) * share * 0.46
                middle = number + (k - (len(gradients) - 1) / 2) * share
                heights = 10 ** np.repeat(edges, 2)[1:-1]
                axes.fill_betweenx(
                    heights, middle - half, middle + half, label=name if number == 1 else None,
                    edgecolor="white", linewidth=0.4, alpha=0.85, **look,
                )  # fmt: skip
            deepest = max(deepest, len(layers))
        axes.set_yscale("log")
        axes.set_xticks(range(1, deepest + 1))
        axes.grid(False, axis="x")
        label_axes(axes, finding, x, y)
        axes.legend(loc="best")
    return figure
