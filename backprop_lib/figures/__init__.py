"""Numbers in, pictures out: graphs as SVG, table, LaTeX and PyTorch code; plots in matplotlib; and `show`.

Nothing here is loaded by `import backprop_lib`, and matplotlib only when the first plot is drawn.
"""

from .gradient_checks import kinks_svg
from .graph_latex import graph_latex
from .graph_svg import GraphPicture, graph_svg
from .graph_table import Table, graph_table
from .graph_torch import graph_torch_code
from .landscape import loss_map, loss_surface, map_sentence
from .plots import (
    calls_by_depth,
    decision_boundary,
    error_against_step,
    function_and_slope,
    gradient_factors,
    hidden_space,
    loss_curve,
    secant_and_tangent,
)
from .reading import Reading
from .residuals import residual_sentence, residual_svg
from .show import show, with_sentence
from .style import house_style, label_axes, new_figure

__all__ = [
    "GraphPicture",
    "Reading",
    "Table",
    "calls_by_depth",
    "decision_boundary",
    "error_against_step",
    "function_and_slope",
    "gradient_factors",
    "graph_latex",
    "graph_svg",
    "graph_table",
    "graph_torch_code",
    "hidden_space",
    "house_style",
    "kinks_svg",
    "label_axes",
    "loss_curve",
    "loss_map",
    "loss_surface",
    "map_sentence",
    "new_figure",
    "residual_sentence",
    "residual_svg",
    "secant_and_tangent",
    "show",
    "with_sentence",
]
