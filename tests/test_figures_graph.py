"""The picture of a graph: nothing lies on anything else, it says what the numbers are, and it survives any name."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import numpy as np
import pytest

from backprop_lib import Graph, Tensor, binary_cross_entropy, cross_entropy, exp, relu, sigmoid, softmax
from backprop_lib.figures import GraphPicture, Reading, graph_svg

SVG = "{http://www.w3.org/2000/svg}"


def named(tensor, name):
    tensor.name = name
    return tensor


def leaf(value, name):
    return Tensor(value, name=name)


def one_neuron():
    w, x, b, y = leaf(3.0, "w"), leaf(2.0, "x"), leaf(1.0, "b"), leaf(4.0, "y")
    a = named(relu(named(w * x + b, "z")), "a")
    return named((a - y) ** 2, "L")


def three_terms():
    x, y, z = leaf(-2.0, "x"), leaf(5.0, "y"), leaf(-4.0, "z")
    return named(named(x + y, "q") * z, "f")


def two_paths():
    x = leaf(3.0, "x")
    return named(named(2 * x, "u") + named(x**2, "v"), "f")


def twice_the_same():
    a = leaf(3.0, "a")
    return named(a + a, "b")


def two_neurons_in_a_row():
    x, w1, w2, y = leaf(1.0, "x"), leaf(0.5, "w1"), leaf(-0.3, "w2"), leaf(1.0, "y")
    h = named(sigmoid(named(w1 * x, "z1")), "h")
    p = named(sigmoid(named(w2 * h, "z2")), "ŷ")
    return named(0.5 * (p - y) ** 2, "L")


def layers():
    x = leaf([1, 0.5], "x")
    w1, b1 = leaf([[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]], "W1"), leaf([0.1, 0.1, 0.1], "b1")
    w2, b2 = leaf([[0.1, 0.2, -0.5]], "W2"), leaf([0.1], "b2")
    a1 = named(relu(named(w1 @ x + b1, "z1")), "a1")
    p = named(sigmoid(named(w2 @ a1 + b2, "z2")), "ŷ")
    return named(binary_cross_entropy(p, Tensor([1.0], requires_grad=False, name="y")), "L")


def large_arrays():
    rng = np.random.default_rng(0)
    x, w = leaf(rng.normal(size=(32, 20)), "X"), leaf(rng.normal(size=(20, 5)), "W")
    return named(cross_entropy(named(x @ w, "Z"), np.arange(32) % 5), "L")


def scalar_network(*sizes):
    values = iter(np.round(np.sin(np.arange(1, 200)), 2))
    fed = [leaf(0.5 * (i + 1), f"x{i + 1}") for i in range(sizes[0])]
    for layer, size in enumerate(sizes[1:], start=1):
        made = []
        for j in range(1, size + 1):
            total = None
            for i, source in enumerate(fed, start=1):
                product = leaf(next(values), f"w{layer}{j}{i}") * source
                total = product if total is None else total + product
            total = named(total + leaf(0.1, f"b{layer}{j}"), f"z{layer}{j}")
            made.append(named(sigmoid(total), f"a{layer}{j}"))
        fed = made
    return named((fed[0] - leaf(1.0, "y")) ** 2, "L")


def awkward_names():
    a = leaf(1.0, "a very long name indeed, longer than any box")
    b = leaf(-2.5, "<script>alert('x')</script>")
    c = leaf(1e-12, "名前 & ümläut ∂")
    return named(exp(a * b) + c * a, "out\x00put\u202e]]>")


GRAPHS = [
    one_neuron,
    three_terms,
    two_paths,
    twice_the_same,
    two_neurons_in_a_row,
    layers,
    large_arrays,
    lambda: scalar_network(2, 2, 1),
    lambda: scalar_network(2, 4, 1),
    awkward_names,
    lambda: softmax(leaf([1.0, 2.0, 3.0], "z")),
    lambda: Tensor(2.0),
]


# --- reading a picture back -----------------------------------------------------------------------


@dataclass
class Box:
    left: float
    top: float
    right: float
    bottom: float
    what: str
    owner: str = ""

    def meets(self, other, by=0.6):
        return (
            self.left < other.right - by
            and other.left < self.right - by
            and self.top < other.bottom - by
            and other.top < self.bottom - by
        )

    def holds(self, x, y, by=0.4):
        return self.left + by < x < self.right - by and self.top + by < y < self.bottom - by


class Drawing:
    """The texts, shapes, wires and local derivatives of an SVG, where a browser would put them."""

    def __init__(self, svg):
        self.root = ElementTree.fromstring(svg)
        self.texts, self.shapes, self.locals, self.wires = [], [], [], []
        _, _, self.width, self.height = map(float, self.root.get("viewBox").split())
        self._walk(self.root, 0.0, 0.0, "")

    def _walk(self, element, dx, dy, owner):
        if move := re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform") or ""):
            dx, dy = dx + float(move[1]), dy + float(move[2])
        kind = (element.get("class") or "").split(" ")[0]
        if kind in ("node", "local"):
            owner = f"{kind} {element.get('data-node') or element.get('data-link')}"
        tag = element.tag.removeprefix(SVG)
        if tag == "text":
            size, text = float(element.get("font-size")), "".join(element.itertext())
            wide = float(element.get("textLength") or 0.6 * size)
            x, y = float(element.get("x")) + dx, float(element.get("y")) + dy
            left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[element.get("text-anchor")]
            self.texts.append(Box(left, y - 0.72 * size, left + wide, y + 0.2 * size, text, owner))
        if tag == "rect" and owner:
            x, y = float(element.get("x")) + dx, float(element.get("y")) + dy
            box = Box(x, y, x + float(element.get("width")), y + float(element.get("height")), owner, owner)
            (self.locals if owner.startswith("local") else self.shapes).append(box)
        if kind == "wire":
            self.wires.append((element.get("data-link"), list(points(element.get("d"), dx, dy))))
        for child in element:
            self._walk(child, dx, dy, owner)


def points(path, dx, dy):
    """Points close together along a path of M, H and C."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MHC])([^MHC]*)", path):
        values = [float(v) for v in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "H":
            for t in np.linspace(0, 1, max(int(abs(values[0] - x) / 3), 2)):
                yield x + t * (values[0] - x) + dx, y + dy
            x = values[0]
        else:
            p = np.array([(x, y), *zip(values[::2], values[1::2])])
            for t in np.linspace(0, 1, 40):
                weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]
                px, py = weights @ p
                yield px + dx, py + dy
            x, y = p[-1]


def assert_clear(svg):
    drawing = Drawing(svg)
    for box in [*drawing.texts, *drawing.shapes, *drawing.locals]:
        assert box.left >= 0 and box.top >= 0, f"{box.what} begins outside the picture"
        assert box.right <= drawing.width and box.bottom <= drawing.height, f"{box.what} ends outside the picture"
    for k, text in enumerate(drawing.texts):
        for other in drawing.texts[:k]:
            assert not text.meets(other), f"{text.what!r} lies on {other.what!r}"
        for shape in [*drawing.shapes, *drawing.locals]:
            if shape.owner != text.owner:
                assert not text.meets(shape), f"{text.what!r} lies on {shape.what}"
    for k, shape in enumerate(drawing.locals):
        for other in [*drawing.locals[:k], *drawing.shapes]:
            assert not shape.meets(other), f"{shape.what} lies on {other.what}"
    for link, wire in drawing.wires:
        for text in drawing.texts:
            if not text.owner.startswith("local"):
                assert not any(text.holds(x, y) for x, y in wire), f"wire {link} runs through {text.what!r}"
        for box in drawing.locals:
            if box.owner != f"local {link}":
                assert not any(box.holds(x, y) for x, y in wire), f"wire {link} runs through {box.what}"
        for box in drawing.shapes:
            assert not any(box.holds(x, y, by=1.0) for x, y in wire), f"wire {link} runs through {box.what}"
    return drawing


# --- the promises ---------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", GRAPHS)
def test_nothing_lies_on_anything_else(graph):
    assert_clear(graph_svg(graph()))


@pytest.mark.parametrize("graph", [one_neuron, two_paths, twice_the_same, layers])
def test_every_step_is_clear_and_fills_the_same_view(graph):
    reading = Reading(graph())
    picture = GraphPicture(reading)
    views = set()
    for step in range(len(reading.steps)):
        svg = picture.svg(step)
        drawing = assert_clear(svg)
        views.add((drawing.width, drawing.height, len(drawing.shapes), len(drawing.wires) > 0))
        assert f"Step {step} of {len(reading.steps) - 1}" in svg
    assert len(views) == 1


def test_the_checker_of_these_tests_sees_faults():
    svg = graph_svg(one_neuron())
    for old, new, words in (
        (r'(<text x=")([\d.]+)(" y=")([\d.]+)(" [^>]*>z = 7)', r"\g<1>0\g<3>0\g<5>", "outside|lies on"),
        (r'(<g class="local" data-link="0"><rect x=")[\d.]+(" y=")[\d.]+', r"\g<1>40\g<2>40", "lies on"),
        (r'(<path class="wire" data-link="0" d="M)[^"]*', r"\g<1>0 30H500", "runs through"),
    ):
        planted, count = re.subn(old, new, svg, count=1)
        assert count == 1
        with pytest.raises(AssertionError, match=words):
            assert_clear(planted)


def test_the_worked_neuron_in_the_picture():
    svg = graph_svg(one_neuron())
    shown = [box.what for box in Drawing(svg).texts]
    for text in ("z = 7", "a = 7", "L = 9", "∂L/∂w = 12", "∂L/∂x = 18", "∂L/∂b = 6", "∂L/∂z = 6", "∂L/∂a = 6"):
        assert text in shown
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    words = {child.get("id"): child.text for child in root if child.tag in (f"{SVG}title", f"{SVG}desc")}
    title, description = (words[name] for name in root.get("aria-labelledby").split())
    assert title == "Computation graph of L"
    assert "z = 7" in description and "∂L/∂w = 12" in description


def test_values_are_above_and_gradients_below_their_node():
    drawing = Drawing(graph_svg(one_neuron()))
    for shape in drawing.shapes:
        for text in drawing.texts:
            if text.owner == shape.owner and text.what.startswith("∂"):
                assert text.top > shape.bottom - 1
            elif text.owner == shape.owner and "=" in text.what:
                assert text.bottom < shape.top + 1


def test_kinds_of_node_differ_in_shape_and_values_from_gradients_in_dash():
    svg = graph_svg(one_neuron())
    corners = {}
    for kind in ("leaf", "inner", "output"):
        group = re.search(rf'<g class="node {kind}".*?</g>', svg, re.S)[0]
        corners[kind] = (re.search(r'rx="([\d.]+)"', group)[1], group.count("<rect"))
    assert len(set(corners.values())) == 3
    forward = re.findall(r'<path class="wire" [^>]*>', svg)
    back = re.findall(r'<path class="wire back" [^>]*>', svg)
    assert len(forward) == len(back) == 8
    assert all("stroke-dasharray" in path for path in back)
    assert not any("stroke-dasharray" in path for path in forward)


def test_the_focus_is_more_than_a_colour():
    picture = GraphPicture(Reading(one_neuron()))
    rest, forward, backward = picture.svg(9), picture.svg(6), picture.svg(17)
    widths = [re.findall(r'<path class="wire[^>]*stroke-width="([\d.]+)"', svg) for svg in (rest, forward, backward)]
    assert "3.5" in widths[1] and "4" in widths[2]
    assert 'stroke-width="3.2"' in forward and 'stroke-width="2.5"' in backward


def test_shared_nodes_are_drawn_once_and_constants_not_as_nodes():
    drawing = Drawing(graph_svg(two_paths()))
    assert sum(text.what == "x" for text in drawing.texts) == 1
    assert {text.what for text in drawing.texts} >= {"2 ×", "( )²"}
    assert len({shape.owner for shape in drawing.shapes}) == 4


def test_small_arrays_in_full_and_large_ones_in_short():
    small, large = (" ".join(box.what for box in Drawing(graph_svg(g())).texts) for g in (layers, large_arrays))
    assert "(3, 2)" in small and "−0.0888" in small
    assert "(20, 5)" in large and "norm" in large and " to " in large
    assert len(large) < 900


def test_neurons_get_a_frame():
    svg = graph_svg(two_neurons_in_a_row())
    assert "neuron h" in svg and "neuron ŷ" in svg
    assert "neuron" not in graph_svg(two_neurons_in_a_row(), groups={})
    loss = two_neurons_in_a_row()
    parts = [node for node in Graph(loss).nodes if node.name in ("w1", "z1")]
    assert "my own frame" in graph_svg(loss, groups={"my own frame": parts})
    assert "my own frame" in graph_svg(loss, groups={"my own frame": {*parts}})


@pytest.mark.parametrize(
    ("choose", "error", "words"),
    [
        (
            lambda x, h, a, o: {"n": [leaf(3.0, "u")]},
            ValueError,
            "holds the Tensor 'u', which is no node of this graph",
        ),
        (lambda x, h, a, o: {"n": [Tensor(3.0)]}, ValueError, "without a name, which is no node.* x, 2, h, a, f"),
        (lambda x, h, a, o: {"n": ["h"]}, TypeError, "holds 'h', a str. Give the Tensors themselves"),
        (lambda x, h, a, o: {"n": h}, TypeError, r"a list of Tensors; given was the Tensor 'h'.*\{'n': \[tensor\]\}"),
        (lambda x, h, a, o: {"n": "h"}, TypeError, "a list of Tensors"),
        (lambda x, h, a, o: {"n": [x, h], "m": [h]}, ValueError, "h is in the groups 'n' and 'm'"),
        (lambda x, h, a, o: {"n": [h, o]}, ValueError, "'n' cannot be drawn: .* comes back, over a. Take"),
        (lambda x, h, a, o: {"n": [h, o], "m": [a]}, ValueError, "comes back, over the group 'm'. Take"),
    ],
)
def test_what_cannot_have_a_frame_is_told_in_the_names_of_the_nodes(choose, error, words):
    x = leaf(3.0, "x")
    h = named(x * 2, "h")
    a = named(relu(h), "a")
    output = named(a + x, "f")
    with pytest.raises(error, match=words):
        graph_svg(output, groups=choose(x, h, a, output))


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '" onload="alert(1)',
        "]]>&lt;&amp;",
        "a" * 500,
        "line\nbreak\ttab",
        "\x00\x07\x1b[31m",
        "\ud800 lone surrogate",
        "\u202eright to left",
        "👩‍👩‍👧 名前 ñ",
        "{w} %s {0}",
        "$\\frac{1}{2}$",
        "   ",
        "",
    ],
)
def test_any_name_is_text(name):
    x = leaf(2.0, name)
    svg = graph_svg(named(relu(x * leaf(3.0, name)), name))
    svg.encode()
    drawing = assert_clear(svg)
    root = ElementTree.fromstring(svg)
    allowed = {"svg", "title", "desc", "rect", "g", "path", "text"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert not any(key.startswith("on") or "href" in key for element in root.iter() for key in element.keys())
    assert drawing.width < 1200


def test_a_long_name_is_shortened_and_whole_in_its_tooltip():
    long = "the weight of the third input of the second neuron"
    root = ElementTree.fromstring(graph_svg(leaf(2.0, long) * leaf(3.0, "x")))
    assert not any(long in "".join(text.itertext()) for text in root.iter(f"{SVG}text"))
    assert any(long in (title.text or "") for title in root.iter(f"{SVG}title"))


def test_the_same_picture_every_time():
    assert graph_svg(layers()) == graph_svg(layers())
    assert graph_svg(layers(), 12) == graph_svg(layers(), 12)


def test_letters_stay_readable_on_a_page():
    """The pictures of the first notebooks keep letters of 12 pixels in 900."""
    for graph in (one_neuron, three_terms, two_paths, two_neurons_in_a_row):
        svg = graph_svg(graph())
        width = Drawing(svg).width
        smallest = min(float(size) for size in re.findall(r'<text [^>]*font-size="([\d.]+)"', svg))
        assert smallest * min(900 / width, 1) >= 11, f"{graph.__name__}: {width}"


def test_a_roomy_picture_keeps_its_view_when_the_values_change():
    loss = one_neuron()
    graph = Graph(loss)
    w, b = (next(n for n in graph.nodes if n.name == name) for name in "wb")
    reading = Reading(graph)
    picture = GraphPicture(reading, roomy=True)
    sizes = set()
    for value, bias in ((3.0, 1.0), (-123.456789, 1e-7), (0.1234567, -1e9)):
        w.data, b.data = value, bias
        graph.forward()
        reading.refresh()
        drawing = assert_clear(picture.svg())
        sizes.add((drawing.width, drawing.height))
    assert len(sizes) == 1
    assert "−0.123457" not in picture.svg() and "0.123457" in picture.svg()


def test_no_gradient_is_drawn_where_there_is_none():
    z = softmax(leaf([1.0, 2.0], "z"))
    assert "∂" not in graph_svg(z) and "gradient" not in graph_svg(z)
    assert "∂f/∂z" in graph_svg(z, gradient=[1.0, 0.0])
    fixed = Tensor(2.0, requires_grad=False, name="c") * 3
    assert "∂" not in graph_svg(fixed)


@pytest.mark.parametrize("step", [-1, 19, 1.5, "first"])
def test_a_step_that_is_not_there_is_refused(step):
    with pytest.raises(IndexError, match="0 to 18"):
        graph_svg(one_neuron(), step)
