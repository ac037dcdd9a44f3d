"""What a gradient promises for a step beside what the step really does to the loss."""

from .graph_svg import GRADIENT, QUIET, VALUE
from .sketch import PALE, line, text, value_text

_ZERO, _REACH = 650.0, 230.0  # where a change of 0 stands, and how long the longer bar is


def change_bars(predicted: float, real: float, width: float, top: float) -> str:
    """Two bars from a common zero, the longer one always equally long: a piece of a picture `width` pixels wide."""
    longest = max(abs(predicted), abs(real))
    pieces = []
    rows = (
        ("the gradient predicts a change of the loss of", predicted, GRADIENT, "6 3"),
        ("the step really changes it by", real, VALUE, "none"),
    )
    for k, (words, change, colour, dashes) in enumerate(rows):
        y = top + 24 + 32 * k
        length = _REACH * change / longest if longest else 0.0
        pieces.append(text(_ZERO - _REACH - 116, y + 15, words, anchor="end"))
        pieces.append(text(_ZERO - _REACH - 10, y + 15, value_text(change), anchor="end", colour=colour))
        pieces.append(
            f'<rect x="{_ZERO + min(length, 0):.1f}" y="{y:g}" width="{abs(length):.1f}" height="20" '
            f'fill="{colour}" fill-opacity="0.25" stroke="{colour}" stroke-dasharray="{dashes}"/>'
        )
    pieces.append(line(_ZERO, top + 14, _ZERO, top + 86, stroke=QUIET))
    pieces.append(line(20, top, width - 20, top, stroke=PALE))
    pieces.append(text(_ZERO - 8, top + 98, "loss falls", anchor="end", colour=QUIET, size=11.5))
    pieces.append(text(_ZERO + 8, top + 98, "loss rises", colour=QUIET, size=11.5))
    return "".join(pieces)
