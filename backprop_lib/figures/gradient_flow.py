"""A deep network's gradients, layer by layer, beside the power of one factor that they resemble."""

import math
from functools import cache

import numpy as np

from ..gradient_flow import BEARABLE, HEALTHY, Flow, verdict
from .graph_svg import GRADIENT, INK, QUIET
from .sketch import GRADIENT_LINE, GUIDE, PALE, THIN, Window, document, line, power, text, value_text

_NORMS = (-16.0, 12.0)  # powers of ten that the panel of the norms has room for; beyond them stands a mark
_ROWS = 5  # layers whose histograms are shown
_BINS = 28
_LEFT_OVER = (-8.0, 8.0)  # powers of ten of the panel on the right
_MOST_LAYERS = 100

_BANDS = (  # between these norms: fill, and the word at the right end
    (10.0 ** _NORMS[0], BEARABLE[0], "#F3DDD1", "too small"),
    (*HEALTHY, "#D5EBE0", "healthy"),
    (BEARABLE[1], 10.0 ** _NORMS[1], "#F3DDD1", "too large"),
)


def flow_svg(flow: Flow, largest: float | None) -> str:
    """Three panels: ‖∂L/∂W‖ of each layer; histograms of slopes and gradients; what is left of ∂L/∂a, beside γᴸ.

    largest : the joint norm to which the gradients of all weights are clipped; None for no clipping.
    """
    depth = len(flow.norms)
    norms, right = _windows(depth)
    clipped = flow.norms * clipping_factor(flow, largest)
    gamma = value_text(flow.factor, 3) if math.isfinite(flow.factor) else "?"
    return document(
        940,
        352,
        _bands(norms),
        norms.frame("‖∂L/∂W‖ of each layer", "layer", _layers_at(depth), *_decades(_NORMS, 4)),
        "" if largest is None else _dots(norms, flow.norms, hollow=True),
        norms.inside(norms.curve(range(1, depth + 1), _logarithms(clipped, _NORMS), **GRADIENT_LINE)),
        _dots(norms, clipped),
        _histograms(flow),
        _powers_at_rest(),
        _left_over(right, flow),
        text(norms.left, 340, f"first layer {value_text(clipped[0], 3)}", colour=GRADIENT),
        text(norms.left + norms.width, 340, f"last layer {value_text(clipped[-1], 3)}", anchor="end", colour=GRADIENT),
        "" if largest is None else text(norms.left + 306, 306, "○ before clipping", colour=QUIET, size=11.5),
        text(right.left, 340, f"this network: about {gamma} a layer", colour=GRADIENT),
    )


def clipping_factor(flow: Flow, largest: float | None) -> float:
    """What clipping to the joint norm `largest` multiplies all gradients by; 1 where it does nothing."""
    joint = float(np.linalg.norm(flow.norms))
    return 1.0 if largest is None or not joint > largest else largest / joint


def flow_sentence(flow: Flow, network: str, largest: float | None) -> str:
    """What the picture shows, in one sentence. network : its description, such as "10 layers of σ with Xavier"."""
    factor = clipping_factor(flow, largest)
    first, last = flow.norms[[0, -1]] * factor
    words = {
        "vanishes": "the gradient vanishes",
        "explodes": "the gradient explodes",
        "healthy": "all layers are in the healthy range",
        "doubtful": "not all layers are in the healthy range",
    }[verdict(flow.norms * factor)]
    if not flow.norms.any():
        words = "every weight's gradient is exactly 0: the network is dead"
    elif factor < 1:
        words = (
            "the gradient explodes: clipping only makes the steps short"
            if flow.verdict == "explodes"
            else f"with the clipping {words}"
        )
    clipped = f" after clipping, which multiplies by {value_text(factor, 3)}" if factor < 1 else ""
    return (
        f"{network}: ‖∂L/∂W‖ is {value_text(last, 3)} in the last layer and {value_text(first, 3)} in the first"
        f"{clipped}; a gradient is multiplied by about {value_text(flow.factor, 3)} a layer, and {words}."
    )


@cache
def _windows(depth: int) -> tuple[Window, Window]:
    return (
        Window(50, 34, 300, 254, (0.2, depth + 0.8), _NORMS),
        Window(728, 34, 200, 254, (0, _MOST_LAYERS), _LEFT_OVER),
    )


def _decades(limits: tuple[float, float], step: int) -> tuple[list[int], list[str]]:
    exponents = list(range(int(limits[0]), int(limits[1]) + 1, step))
    return exponents, ["1" if k == 0 else f"10{power(k)}" for k in exponents]


def _layers_at(depth: int) -> list[int]:
    """Where the layers' axis has its numbers: at each layer, or at the first, the last and every fifth between."""
    return list(range(1, depth + 1)) if depth <= 10 else [1, *range(5, depth - 2, 5), depth]


@cache
def _bands(window: Window) -> str:
    pieces = []
    for low, high, colour, word in _BANDS:
        left, top = window.at(window.x[0], math.log10(high))
        _, bottom = window.at(window.x[0], math.log10(low))
        pieces.append(
            f'<rect x="{left:g}" y="{top:.1f}" width="{window.width:g}" height="{bottom - top:.1f}" fill="{colour}"/>'
        )
        middle = (top + bottom) / 2 + 4
        pieces.append(text(left + window.width + 6, middle, word, size=11.5))
        for y in (top, bottom):
            pieces.append(line(left, y, left + window.width, y, **GUIDE))
    return "".join(pieces)


def _logarithms(values: np.ndarray, limits: tuple[float, float]) -> list[float]:
    """log₁₀, cut off at the limits; nan and infinity are at the upper one."""
    with np.errstate(all="ignore"):
        found = np.log10(values)
    return np.clip(np.nan_to_num(found, nan=limits[1], posinf=limits[1], neginf=limits[0]), *limits).tolist()


def _dots(window: Window, norms: np.ndarray, hollow: bool = False) -> str:
    """A dot for each layer, and a triangle in the place of one that is beyond the panel."""
    look = f'fill="none" stroke="{QUIET}"' if hollow else f'fill="{GRADIENT}" stroke="#FFFFFF"'
    pieces = []
    for layer, height in enumerate(_logarithms(norms, _NORMS), start=1):
        x, y = window.at(layer, height)
        if _NORMS[0] < height < _NORMS[1]:
            pieces.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {look}/>')
        elif not hollow:
            below = height == _NORMS[0]
            pieces.append(text(x, y - 2 if below else y + 12, "▾" if below else "▴", anchor="middle", size=14))
    return "".join(pieces)


def _histograms(flow: Flow) -> str:
    """For up to five layers, the last one on top: the slopes f′(z), and the sizes of the entries of ∂L/∂a."""
    depth = len(flow.norms)
    shown = sorted({round(k) for k in np.linspace(depth, 1, _ROWS)}, reverse=True)
    pieces = [_histogram_frames()]
    for row, layer in enumerate(shown):
        slopes, gradients = _cells(row)
        with np.errstate(all="ignore"):
            sizes = np.log10(np.abs(flow.gradients[layer - 1]))
        mean = f"mean {value_text(float(np.mean(flow.slopes[layer - 1])), 2)}"
        pieces += [
            text(slopes.left - 8, slopes.top + 20, f"layer {layer}", anchor="end", size=11.5),
            _bars(slopes, flow.slopes[layer - 1], f'fill="{PALE}" stroke="{INK}"'),
            text(slopes.left + 0.56 * slopes.width, slopes.top + 12, mean, anchor="middle", size=11),
            _bars(gradients, sizes, f'fill="none" stroke="{GRADIENT}" stroke-dasharray="4 2"'),
        ]
    return "".join(pieces)


def _cells(row: int) -> tuple[Window, Window]:
    top = 34 + 51.6 * row
    return Window(466, top, 104, 47.6, (0, 1), (0, 1)), Window(582, top, 104, 47.6, _NORMS, (0, 1))


@cache
def _histogram_frames() -> str:
    pieces = []
    for row in range(_ROWS):
        for cell in _cells(row):
            pieces.append(
                f'<rect x="{cell.left:g}" y="{cell.top:.1f}" width="{cell.width:g}" height="{cell.height:g}" '
                f'fill="none" stroke="{PALE}"/>'
            )
    slopes, gradients = _cells(_ROWS - 1)
    bottom = slopes.top + slopes.height
    for cell, ticks, labels in ((slopes, (0, 0.5, 1), ("0", "0.5", "1")), (gradients, *_decades((-8, 8), 8))):
        for tick, label in zip(ticks, labels):
            pieces.append(text(cell.at(tick, 0)[0], bottom + 15, label, anchor="middle", size=11.5))
    pieces.append(text(slopes.left, 25, "slopes f′(z)"))
    pieces.append(text(gradients.left, 25, "sizes of ∂L/∂a", colour=GRADIENT))
    pieces.append(text((slopes.left + gradients.left + 104) / 2, bottom + 31, "histograms", anchor="middle"))
    return "".join(pieces)


def _bars(window: Window, values: np.ndarray, look: str) -> str:
    """A histogram as one outline, the highest bar as high as the window; values beyond it count at its edge."""
    low, high = window.x
    places = np.nan_to_num((np.ravel(values) - low) * (_BINS / (high - low)), nan=_BINS, posinf=_BINS, neginf=0)
    counts = np.bincount(np.clip(places, 0, _BINS - 1).astype(int), minlength=_BINS)
    heights = (window.top + window.height - counts * (0.96 * window.height / counts.max())).tolist()
    step, bottom = window.width / _BINS, window.top + window.height
    outline = "".join(f"V{height:.1f}h{step:.2f}" for height in heights)
    return f'<path d="M{window.left:g} {bottom:.1f}{outline}V{bottom:.1f}z" {look}/>'


@cache
def _powers_at_rest() -> str:
    _, window = _windows(2)
    layers = [0, _MOST_LAYERS]
    pieces = [window.frame("what is left of ∂L/∂a", "layers passed", (0, 50, 100), *_decades(_LEFT_OVER, 4))]
    for gamma, above in ((1.05, -8), (0.95, 16)):
        end = _MOST_LAYERS * math.log10(gamma)
        pieces.append(window.inside(window.curve(layers, [0, end], **THIN)))
        x, y = window.at(_MOST_LAYERS, end)
        pieces.append(text(x - 4, y + above, f"{gamma:g}¹⁰⁰ = {gamma**100:.4g}", anchor="end", size=11.5))
    return "".join(pieces)


def _left_over(window: Window, flow: Flow) -> str:
    """The size of ∂L/∂a after each layer on the way back, as a part of its size at the end, and how γᴸ goes on."""
    with np.errstate(all="ignore"):
        parts = flow.sizes[::-1] / flow.sizes[-1]
    heights = _logarithms(parts, (-400.0, 400.0))
    last = len(heights) - 1
    pieces = [window.curve(range(len(heights)), heights, **{**GRADIENT_LINE, "stroke-width": "3"})]
    if flow.factor > 0 and math.isfinite(flow.factor):
        slope = math.log10(flow.factor)
        pieces.append(
            window.line(last, heights[-1], _MOST_LAYERS, heights[-1] + slope * (_MOST_LAYERS - last), **_ONWARDS)
        )
    return window.inside(*pieces)


_ONWARDS = {"stroke": GRADIENT, "stroke-width": "1.2", "stroke-dasharray": "1 3"}
