"""The layout of a graph: nothing overlaps, no wire runs through a node, few crossings, always the same drawing."""

import time
from itertools import combinations

import numpy as np
import pytest

from backprop_lib.figures.layout import Extent, layered_layout


def network(*sizes):
    """The scalar graph of a fully connected network with one loss at its end: nodes, edges, neurons."""
    nodes, edges, neurons = [], [], {}

    def add(name, *inputs):
        nodes.append(name)
        edges.extend((i, name) for i in inputs)
        return name

    fed = [add(f"x{i}") for i in range(sizes[0])]
    for layer, size in enumerate(sizes[1:]):
        made = []
        for j in range(size):
            start, total = len(nodes), None
            for i, source in enumerate(fed):
                product = add(f"m{layer}{j}{i}", add(f"w{layer}{j}{i}"), source)
                total = product if total is None else add(f"s{layer}{j}{i}", total, product)
            total = add(f"z{layer}{j}", total, add(f"b{layer}{j}"))
            made.append(add(f"a{layer}{j}", total))
            neurons[f"neuron {layer}{j}"] = nodes[start:]
        fed = made
    add("L", *fed, add("y"))
    return nodes, edges, neurons


def one_neuron():
    names = ["w", "x", "b", "y", "w·x", "z", "a", "d", "L"]
    pairs = "w>w·x x>w·x w·x>z b>z z>a a>d y>d d>L".split()
    return names, [tuple(pair.split(">")) for pair in pairs]


def overlaps(first, second, by=0.15):
    return (
        first.left < second.right - by
        and second.left < first.right - by
        and first.top < second.bottom - by
        and second.top < first.bottom - by
    )


def pieces(wire):
    return list(zip(wire, wire[1:]))


def crossings(layout):
    """Wires that cross, counted from the finished drawing; wires that share an end do not cross."""

    def side(a, b, c):
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    found = 0
    lines = [(k, *piece) for k, wire in enumerate(layout.wires) for piece in pieces(wire)]
    for (i, a, b), (j, c, d) in combinations(lines, 2):
        if i != j and side(a, b, c) * side(a, b, d) < -1e-6 and side(c, d, a) * side(c, d, b) < -1e-6:
            found += 1
    return found


def assert_sound(layout, nodes, edges, groups=None):
    """Every promise about a drawing, checked on the drawing."""
    assert list(layout.places) == list(nodes)
    for place in layout.places.values():
        assert place.left >= -0.1 and place.top >= -0.1
        assert place.right <= layout.width + 0.1 and place.bottom <= layout.height + 0.1
    for (a, first), (b, second) in combinations(layout.places.items(), 2):
        assert not overlaps(first, second), f"{a} and {b} overlap"
    assert len(layout.wires) == len(edges)
    for (source, target), wire in zip(edges, layout.wires):
        assert wire[0][0] == pytest.approx(layout.places[source].right, abs=0.15)
        assert wire[-1][0] == pytest.approx(layout.places[target].left, abs=0.15)
        for (x0, y0), (x1, y1) in pieces(wire):
            assert x1 >= x0 - 0.15, f"the wire {source} -> {target} runs backwards"
            for name, place in layout.places.items():
                beside = x1 <= place.left + 0.15 or x0 >= place.right - 0.15
                past = max(y0, y1) <= place.top + 0.15 or min(y0, y1) >= place.bottom - 0.15
                assert beside or past, f"the wire {source} -> {target} runs through {name}"
    inside = {member: name for name, members in (groups or {}).items() for member in members}
    assert list(layout.frames) == list(groups or {})
    for name, frame in layout.frames.items():
        for node, place in layout.places.items():
            if inside.get(node) == name:
                assert frame.left <= place.left and place.right <= frame.right
                assert frame.top <= place.top and place.bottom <= frame.bottom
            else:
                assert not overlaps(frame, place), f"{node} stands in the frame of {name}"
    for (a, first), (b, second) in combinations(layout.frames.items(), 2):
        assert not overlaps(first, second), f"the frames {a} and {b} overlap"


NETWORKS = [((1, 1), 0), ((1, 1, 1), 0), ((2, 2, 1), 1), ((2, 3, 1), 3), ((2, 4, 1), 6)]


@pytest.mark.parametrize("grouped", [False, True], ids=["flat", "grouped"])
@pytest.mark.parametrize(("sizes", "fewest"), NETWORKS)
def test_networks(sizes, fewest, grouped):
    """As few crossings as any drawing has: each pair of inputs and each pair of neurons must cross once."""
    nodes, edges, neurons = network(*sizes)
    groups = neurons if grouped else None
    layout = layered_layout(nodes, edges, groups=groups)
    assert_sound(layout, nodes, edges, groups)
    assert crossings(layout) <= fewest


def test_one_neuron_has_no_crossing():
    nodes, edges = one_neuron()
    layout = layered_layout(nodes, edges)
    assert_sound(layout, nodes, edges)
    assert crossings(layout) == 0


@pytest.mark.parametrize("seed", range(25))
def test_any_graph_with_nodes_of_any_size(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 40))
    nodes = list(range(size))
    edges = []
    for target in nodes[1:]:
        for _ in range(int(rng.integers(0, 4))):
            edges.append((int(rng.integers(max(0, target - 12), target)), target))
    wires = {n: sum(target == n for _, target in edges) for n in nodes}
    extents = {}
    for n in nodes:
        half = max(wires[n] * 12.0, 14.0)
        extents[n] = Extent(*(float(x) for x in rng.uniform([20, half, half], [120, half + 60, half + 60])))
    layout = layered_layout(nodes, edges, extents)
    assert_sound(layout, nodes, edges)


@pytest.mark.parametrize("seed", range(12))
def test_any_groups_of_a_chain(seed):
    """Neighbours on a chain, cut into groups, with wires from outside and to the end."""
    rng = np.random.default_rng(seed)
    nodes = [f"c{k}" for k in range(12)] + [f"l{k}" for k in range(8)] + ["end"]
    edges = [(f"c{k}", f"c{k + 1}") for k in range(11)] + [("c11", "end")]
    edges += [(f"l{k}", f"c{int(rng.integers(1, 12))}") for k in range(8)]
    cuts = sorted(int(c) for c in rng.choice(np.arange(1, 12), 3, replace=False))
    groups = {str(a): [f"c{k}" for k in range(a, b)] for a, b in zip([0, *cuts], [*cuts, 12])}
    edges += [(f"c{b - 1}", "end") for b in cuts]
    layout = layered_layout(nodes, edges, groups=groups)
    assert_sound(layout, nodes, edges, groups)


def test_a_node_inside_a_group_may_be_used_outside():
    nodes = ["x", "u", "v", "w", "out"]
    edges = [("x", "u"), ("u", "v"), ("v", "w"), ("u", "out"), ("w", "out")]
    groups = {"g": ["u", "v", "w"]}
    assert_sound(layered_layout(nodes, edges, groups=groups), nodes, edges, groups)


def test_a_node_used_twice_by_the_same_node_has_two_wires():
    layout = layered_layout(["a", "b"], [("a", "b"), ("a", "b")])
    assert_sound(layout, ["a", "b"], [("a", "b"), ("a", "b")])
    assert layout.wires[0][-1] != layout.wires[1][-1]


def test_one_node_and_no_node():
    assert_sound(layered_layout(["a"], []), ["a"], [])
    assert layered_layout([], []).width == 0


def test_the_same_drawing_every_time():
    nodes, edges, neurons = network(2, 3, 1)
    first, second = (layered_layout(nodes, edges, groups=neurons) for _ in range(2))
    assert first == second


def test_nodes_named_like_the_layouts_own_points():
    """Names are compared as they are: a pair of numbers is not taken for a bend."""
    nodes = [(0, 1), (1, 1), (2, 1), (0,)]
    edges = [((0, 1), (1, 1)), ((1, 1), (2, 1)), ((0, 1), (2, 1)), ((0,), (2, 1))]
    assert_sound(layered_layout(nodes, edges), nodes, edges)


@pytest.mark.parametrize(
    ("nodes", "edges", "groups", "words"),
    [
        ("ab", ["ab", "ba"], {}, "cycle"),
        ("ab", ["ac"], {}, "not in the list of nodes"),
        ("ab", ["ab"], {"g": "z"}, "not in the list of nodes"),
        ("ab", ["ab"], {"g": "a", "h": "a"}, "can be in one"),
        ("abc", ["ab", "bc"], {"g": "ac"}, "must not come back"),
    ],
)
def test_what_cannot_be_drawn_is_refused(nodes, edges, groups, words):
    with pytest.raises(ValueError, match=words):
        layered_layout(list(nodes), [tuple(e) for e in edges], groups={n: list(g) for n, g in groups.items()})


def test_fast_enough_to_wait_for():
    nodes, edges, neurons = network(2, 4, 1)
    assert len(nodes) >= 49
    times = []
    for groups in (None, neurons) * 3:
        start = time.perf_counter()
        layered_layout(nodes, edges, groups=groups)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.04, f"{1000 * min(times):.1f} ms for {len(nodes)} nodes"


def test_the_checker_of_these_tests_sees_faults():
    """A planted overlap, a wire through a node, and a crossing are found."""
    nodes, edges, _ = network(2, 2, 1)
    layout = layered_layout(nodes, edges)
    one, other = list(layout.places)[2:4]
    shifted = dict(layout.places)
    shifted[one] = shifted[other]
    with pytest.raises(AssertionError, match="overlap"):
        assert_sound(type(layout)(shifted, layout.wires, {}, layout.width, layout.height), nodes, edges)
    straight = [[wire[0], wire[-1]] for wire in layout.wires]
    with pytest.raises(AssertionError, match="through"):
        assert_sound(type(layout)(layout.places, straight, {}, layout.width, layout.height), nodes, edges)
    tangled = [[(0, 0), (10, 10)], [(0, 10), (10, 0)]]
    assert crossings(type(layout)({}, tangled, {}, 10, 10)) == 1
