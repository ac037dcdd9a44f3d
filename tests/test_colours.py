"""Every picture can be read: letters stand out from what is behind them, colours are told apart by the colour-blind
too, and never carry a meaning alone.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_widgets_explorer import EVERY_WIDGET

from backprop_lib.figures import style
from backprop_lib.figures.graph_svg import GRADIENT, VALUE

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))

# What a person without one kind of cones sees, in linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1).
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    """#RRGGBB as linear RGB, from 0 to 1."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The ratio of the Web Content Accessibility Guidelines: 1 for equal colours, 21 for black on white."""
    light, dark = sorted((float(XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, blindness: str) -> np.ndarray:
    """The colour as such a person sees it, in CIELAB, where distances are about what eyes tell apart."""
    seen = np.clip(np.asarray(BLINDNESS[blindness]) @ linear(colour), 0, 1)
    ratio = XYZ @ seen / (XYZ @ np.ones(3))
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, blindness: str) -> float:
    return float(np.linalg.norm(lab(one, blindness) - lab(other, blindness)))


# ---- the palette -------------------------------------------------------------------------------------------------


def test_the_measures_know_what_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert distance("#D00000", "#5A7A00", "none") > 60
    assert distance("#D00000", "#5A7A00", "deuteranopia") < 20  # red and green, told apart by most people only


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("looks", [style.LINES, style.POINTS], ids=["lines", "points"])
def test_colours_of_the_palette_are_told_apart_and_neighbours_easily(looks, blindness):
    colours = [look["color"] for look in looks]
    assert all(distance(one, other, blindness) > 20 for one, other in itertools.pairwise(colours))
    assert all(distance(one, other, blindness) > 15 for one, other in itertools.combinations(colours, 2))


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_a_value_and_a_gradient_are_told_apart(blindness):
    assert distance(VALUE, GRADIENT, blindness) > 20
    assert distance(style.VALUE["color"], style.GRADIENT["color"], blindness) > 20


def test_no_two_lines_or_points_differ_by_colour_alone():
    assert len({str(look["linestyle"]) for look in style.LINES}) == len(style.LINES)
    assert len({look["marker"] for look in style.POINTS}) == len(style.POINTS)
    assert style.VALUE["linestyle"] != style.GRADIENT["linestyle"]


@pytest.mark.parametrize("colour", sorted({look["color"] for look in style.LINES + style.POINTS}))
def test_lines_stand_out_from_the_paper(colour):
    assert contrast(colour, "#ffffff") >= 3


# ---- the letters of every picture --------------------------------------------------------------------------------


def saved_pictures() -> Iterator[tuple[str, str]]:
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                html = "".join(output.get("data", {}).get("text/html", ""))
                for k, code in enumerate(re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html)):
                    yield f"{path.stem}-{cell['id']}-{k}", base64.b64decode(code).decode("utf-8")


PICTURES = dict(saved_pictures())


def unreadable(svg: str, least: float = 4.5, smallest: float = 11.0) -> list[str]:
    """The letters that are too small, or too pale for the paper or for the box behind them."""
    found = []
    boxes: list[tuple[float, float, float, float, str]] = []

    def walk(e: ET.Element, fill: str, size: float, x0: float, y0: float) -> None:
        moved = re.findall(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", e.get("transform", ""))
        lettered = e.tag.endswith("text") or len(e)
        assert moved or not (lettered and e.get("transform")), f"a transform that is no shift: {e.get('transform')}"
        for dx, dy in moved:
            x0, y0 = x0 + float(dx), y0 + float(dy)
        fill = e.get("fill", fill)
        size = float(e.get("font-size", str(size)).removesuffix("px"))
        kind = e.tag.split("}")[-1]
        if kind == "rect" and fill.startswith("#") and e.get("fill-opacity", "1") == "1":
            x, y = float(e.get("x", 0)) + x0, float(e.get("y", 0)) + y0
            boxes.append((x, y, x + float(e.get("width", 0)), y + float(e.get("height", 0)), fill))
        if kind in ("text", "tspan") and (e.text or "").strip() and e.get("x"):
            x, y = float(e.get("x", 0)) + x0, float(e.get("y", 0)) + y0
            behind = [box for box in boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]]
            ground = behind[-1][4] if behind else "#FFFFFF"
            if size < smallest:
                found.append(f"{e.text!r} has only {size} px")
            if contrast(fill, ground) < least:
                found.append(f"{e.text!r}: {fill} on {ground} has only {contrast(fill, ground):.2f}")
        for child in e:
            walk(child, fill, size, x0, y0)

    walk(ET.fromstring(svg), "#000000", 16.0, 0.0, 0.0)
    return found


def test_planted_faults_are_seen():
    page = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
    assert unreadable(page.format('<text x="1" y="1" fill="#222222" font-size="12">a</text>')) == []
    assert unreadable(page.format('<text x="1" y="1" fill="#D55E00" font-size="12">a</text>'))
    assert unreadable(page.format('<g fill="#222222"><text x="1" y="1" font-size="9">a</text></g>'))
    box = '<rect x="0" y="0" width="9" height="9" fill="#333333"/>'
    assert unreadable(
        page.format(f'<g transform="translate(50,5)">{box}</g><text x="55" y="9" fill="#222222">a</text>')
    )


@pytest.mark.parametrize("name", PICTURES)
def test_the_letters_of_a_saved_picture_can_be_read(name):
    assert unreadable(PICTURES[name]) == []


@pytest.mark.parametrize("name", EVERY_WIDGET)
def test_the_letters_of_a_live_picture_can_be_read(name):
    for frame in EVERY_WIDGET[name]().frames:
        assert unreadable(frame["picture"]) == []
