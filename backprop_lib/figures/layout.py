"""Where to put the nodes of a graph: a layered drawing from left to right.

The method is the usual one for directed graphs (Sugiyama, Tagawa and Toda, 1981), in four stages:

1. rank: every node gets a column to the right of all its inputs; a wire that skips columns gets a bend in each;
2. order: nodes are sorted within their columns until the wires cross as little as possible;
3. level: heights are chosen so that the wires run as level as that order allows;
4. route: between two columns a wire may rise or fall, inside a column it runs level, past the nodes.

The same graph always gives the same drawing.
"""

import random
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_STARTS = 5  # orders to begin from; the one that ends with the fewest crossings wins
_SWEEPS = 10  # passes to and fro over the columns, for each start
_PULLS = 30  # passes that move each node towards the height of its neighbours


@dataclass(frozen=True)
class Extent:
    """The room a node needs about the point where its wire runs: its width, and the height above and below.

    `port`: the distance between two wires that enter it.
    """

    width: float
    above: float
    below: float
    port: float = 20.0


@dataclass(frozen=True)
class Place:
    """A node in the drawing: `left`, the height `y` at which its wire runs, and its extent. y grows downwards."""

    left: float
    y: float
    extent: Extent

    @property
    def right(self) -> float:
        return self.left + self.extent.width

    @property
    def top(self) -> float:
        return self.y - self.extent.above

    @property
    def bottom(self) -> float:
        return self.y + self.extent.below


Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """A finished drawing, in the rectangle from (0, 0) to (width, height).

    places: the place of each node.
    wires: for each edge, in the order given, the points it runs through, from the right side of its source to the left
        side of its target. Between two points it is level, or it lies in the free room between two columns.
    frames: for each group the place of its frame.
    """

    places: dict[Any, Place]
    wires: list[list[Point]]
    frames: dict[Any, Place]
    width: float
    height: float


@dataclass(frozen=True)
class Spacing:
    """Distances, in the drawing's own units.

    column: between two columns whose wires rise or fall (up to twice as much where they are steep).
    level: between two columns whose wires all run level.
    row: between two nodes in a column.
    bend: kept free on either side of a wire that passes through a column.
    frame: between the frame of a group and what is inside it; title: extra room at its top, for a name.
    """

    column: float = 25.0
    level: float = 16.0
    row: float = 12.0
    bend: float = 7.0
    frame: float = 7.0
    title: float = 14.0


def layered_layout(
    nodes: Sequence[Any],
    edges: Sequence[tuple[Any, Any]],
    extents: Mapping[Any, Extent] | None = None,
    groups: Mapping[Any, Sequence[Any]] | None = None,
    spacing: Spacing | None = None,
) -> Layout:
    """Lay out a directed graph without cycles from left to right.

    nodes : hashable, each once.
    edges : pairs (source, target); a pair may occur more than once.
    extents : the room of each node; 40 wide and 40 high where none is given.
    groups : name of a group -> its nodes. They are kept together, and nothing else comes between them.

    Raises ValueError for a cycle, an edge or a group with an unknown node, a node in two groups, and a group that a
    path leaves and enters again (no frame could hold it).
    """
    spacing = spacing or Spacing()
    usual = Extent(40.0, 20.0, 20.0)
    extents = {n: (extents or {}).get(n, usual) for n in nodes}
    framed = {name: list(members) for name, members in (groups or {}).items() if members}
    owner = _owners(extents, edges, framed)
    if framed:
        return _grouped(list(nodes), list(edges), extents, framed, owner, spacing)
    part = _Part(nodes, edges, spacing)
    part.place({n: _Solid(extent) for n, extent in extents.items()})
    return part.layout()


def _owners(known: Mapping, edges: Sequence[tuple], groups: Mapping[Any, list]) -> dict:
    for source, target in edges:
        if source not in known or target not in known:
            raise ValueError(f"The edge {source!r} → {target!r} joins a node that is not in the list of nodes.")
    owner: dict = {}
    for name, members in groups.items():
        for member in members:
            if member not in known:
                raise ValueError(f"Group {name!r} holds {member!r}, which is not in the list of nodes.")
            if member in owner:
                raise ValueError(
                    f"{member!r} is listed in the groups {owner[member]!r} and {name!r}; it can be in one."
                )
            owner[member] = name
    return owner


# ---- one layered drawing -------------------------------------------------------------------------


@dataclass
class _Solid:
    """What stands in a column: its extent, and where on its sides (relative to y) the wires of certain edges join."""

    extent: Extent
    arriving: dict[int, float] = field(default_factory=dict)
    leaving: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Bend:
    """Where a long wire passes through a column."""

    edge: int
    column: int


class _Part:
    """A graph without groups: ranked and ordered when it is made, placed when the room for its nodes is known."""

    def __init__(
        self,
        nodes: Sequence,
        edges: Sequence[tuple],
        spacing: Spacing,
        first: Sequence = (),
        last: Sequence = (),
    ):
        self.nodes, self.edges, self.spacing = list(nodes), list(edges), spacing
        self._arrange(_rank(self.nodes, self.edges, first, last, 1), first)
        if self.crossings:
            close = vars(self).copy()
            self._arrange(_rank(self.nodes, self.edges, first, last, 2), first)
            if self.crossings >= close["crossings"]:
                vars(self).update(close)

    def _arrange(self, column: dict[Any, int], first: Sequence) -> None:
        """Bend the long wires, and order the columns."""
        self.column = column
        vertices = list(self.nodes)
        self.paths: list[list[Hashable]] = []  # for each edge: its source, its bends, its target
        for i, (source, target) in enumerate(self.edges):
            bends = [_Bend(i, k) for k in range(column[source] + 1, column[target])]
            column.update((bend, bend.column) for bend in bends)
            self.paths.append([source, *bends, target])
            vertices += bends
        self.before: dict[Any, list] = {v: [] for v in vertices}
        self.after: dict[Any, list] = {v: [] for v in vertices}
        for path in self.paths:
            for u, v in zip(path, path[1:], strict=False):
                self.after[u].append(v)
                self.before[v].append(u)
        self.rows, self.crossings = _order(vertices, column, self.before, self.after, list(first))
        self.position = {v: k for row in self.rows for k, v in enumerate(row)}

    def arrival(self, edge: int) -> tuple[int, int, int]:
        """A key that sorts the edges into one target by the height from which they come."""
        path = self.paths[edge]
        neighbour = path[-2]
        return self.position[neighbour], len(path), edge

    def place(self, solids: Mapping[Any, _Solid]) -> None:
        bend = _Solid(Extent(0.0, self.spacing.bend, self.spacing.bend))
        self.solids = {v: solids.get(v, bend) for row in self.rows for v in row}
        self.port = self._ports()
        self.y = self._heights()
        self.left, self.right = self._columns()

    def _ports(self) -> dict[int, float]:
        """Where each edge joins its target: in the order in which they come, so that none cross just before it."""
        port = {}
        into: dict[Any, list[int]] = {n: [] for n in self.nodes}
        for i, (_, target) in enumerate(self.edges):
            into[target].append(i)
        for target, edges in into.items():
            fixed = self.solids[target].arriving
            edges = sorted((i for i in edges if i not in fixed), key=self.arrival)
            gap = self.solids[target].extent.port
            port.update({i: (k - (len(edges) - 1) / 2) * gap for k, i in enumerate(edges)})
            port.update(fixed)
        return port

    def _joints(self, edge: int) -> tuple[float, float]:
        """Heights, relative to the nodes' own, at which an edge leaves its source and joins its target."""
        return self.solids[self.edges[edge][0]].leaving.get(edge, 0.0), self.port[edge]

    def _heights(self) -> dict[Any, float]:
        extent = {v: solid.extent for v, solid in self.solids.items()}
        depths = []
        for row in self.rows:
            depth = [0.0]
            for u, v in zip(row, row[1:], strict=False):
                wires = isinstance(u, _Bend) and isinstance(v, _Bend)
                depth.append(depth[-1] + extent[u].below + extent[v].above + (0.0 if wires else self.spacing.row))
            depths.append(depth[: len(row)])
        pulls: dict[Any, list[tuple[Any, float, float]]] = {v: [] for v in self.solids}
        for i, path in enumerate(self.paths):
            out, into = self._joints(i)
            for k, (u, v) in enumerate(zip(path, path[1:], strict=False)):
                shift = (out if k == 0 else 0.0) - (into if k == len(path) - 2 else 0.0)
                # an input makes way for what is computed, so that the computation runs in a line
                weight = (1.0 if self.before[u] else 0.05) * (1 + 2 * isinstance(u, _Bend) + 2 * isinstance(v, _Bend))
                pulls[u].append((v, -shift, weight))
                pulls[v].append((u, shift, weight))
        force = {v: sum(weight for _, _, weight in pulls[v]) for v in pulls}
        columns = list(zip(self.rows, depths, strict=True))
        y = {v: d for row, depth in columns for v, d in zip(row, depth, strict=True)}
        for turn in range(_PULLS):
            for row, depth in columns if turn % 2 == 0 else columns[::-1]:
                wanted = []
                for v, d in zip(row, depth, strict=True):
                    mean = sum((y[u] + shift) * w for u, shift, w in pulls[v]) / force[v] if force[v] else y[v]
                    wanted.append((mean - d, force[v] or 0.05))
                for v, d, base in zip(row, depth, _nearest_rising(wanted), strict=True):
                    y[v] = base + d
        top = min((y[v] - extent[v].above for v in y), default=0.0)
        return {v: round(height - top, 1) for v, height in y.items()}

    def _columns(self) -> tuple[list[float], list[float]]:
        rise = [0.0] * len(self.rows)
        for i, path in enumerate(self.paths):
            heights = self._wire_heights(i)
            for u, y0, y1 in zip(path, heights, heights[1:], strict=False):
                rise[self.column[u]] = max(rise[self.column[u]], abs(y1 - y0))
        widths = [max((self.solids[v].extent.width for v in row), default=0.0) for row in self.rows]
        left, right, x = [], [], 0.0
        for k, (width, height) in enumerate(zip(widths, rise, strict=True)):
            left.append(round(x, 1))
            x += width
            right.append(round(x, 1))
            if height >= 1.0:
                x += self.spacing.column * (1 + min(height / 300, 1.0))
            elif k + 1 < len(widths) and widths[k + 1]:
                x += self.spacing.level
        return left, right

    def _wire_heights(self, edge: int) -> list[float]:
        path = self.paths[edge]
        out, into = self._joints(edge)
        return [self.y[path[0]] + out, *(self.y[v] for v in path[1:-1]), self.y[path[-1]] + into]

    def layout(self) -> Layout:
        places = {}
        for n in self.nodes:
            k, extent = self.column[n], self.solids[n].extent
            spare = self.right[k] - self.left[k] - extent.width
            inner = self.before[n] and self.after[n]
            # an input stands close to what uses it, the output close to what it is made of
            left = self.left[k] + (spare / 2 if inner else spare if self.after[n] else 0.0)
            places[n] = Place(round(left, 1), self.y[n], extent)
        wires = []
        for i, path in enumerate(self.paths):
            heights = self._wire_heights(i)
            wire = [(places[path[0]].right, heights[0])]
            for u, y0, y1 in zip(path, heights, heights[1:], strict=False):
                k = self.column[u]
                wire += [(self.right[k], y0), (self.left[k + 1], y1)]
            wire.append((places[path[-1]].left, heights[-1]))
            wires.append([p for k, p in enumerate(wire) if k == 0 or p != wire[k - 1]])
        bottoms = [self.y[v] + solid.extent.below for v, solid in self.solids.items()]
        return Layout(places, wires, {}, self.right[-1] if self.right else 0.0, max(bottoms, default=0.0))


def _rank(nodes: list, edges: list[tuple], first: Sequence, last: Sequence, lead: int) -> dict[Any, int]:
    """A column for each node: right of all its inputs, and not further left than its wires need.

    An input that several nodes use stands `lead` columns before the first of them: with 2 its wires fan out before they
    meet the inputs that only one node uses.
    """
    inputs: dict[Any, list] = {n: [] for n in nodes}
    users: dict[Any, list] = {n: [] for n in nodes}
    for source, target in edges:
        inputs[target].append(source)
        users[source].append(target)
    missing = {n: len(inputs[n]) for n in nodes}
    order = [n for n in nodes if not missing[n]]
    for n in order:  # grows as we go
        for user in users[n]:
            missing[user] -= 1
            if not missing[user]:
                order.append(user)
    if len(order) != len(nodes):
        stuck = [n for n in nodes if missing[n]]
        raise ValueError(f"The graph has a cycle, so nothing in it comes first; on or after it: {stuck[:4]!r}.")
    leads = {n: lead if not inputs[n] and len(set(users[n])) > 1 else 1 for n in nodes}
    column: dict[Any, int] = {}
    for n in order:
        column[n] = max((column[p] + leads[p] for p in inputs[n]), default=0)
        if first and not inputs[n] and n not in first:
            column[n] = 1
    for n in reversed(order):
        computed = sum(bool(inputs[p]) for p in inputs[n])
        if users[n] and n not in first and computed < len(users[n]):
            column[n] = max(column[n], min(column[user] for user in users[n]) - leads[n])
    end = max((column[n] for n in nodes if n not in last), default=0)
    for n in last:  # the way out runs through the last column, or past it if that is where its node stands
        column[n] = max(end, *(column[p] + 1 for p in inputs[n]))
    return column


def _order(vertices: list, column: dict, before: dict, after: dict, fixed: list) -> tuple[list[list], int]:
    """The vertices of each column from top to bottom, and how many wires cross.

    The first column keeps the order `fixed`, if there is one.
    """
    columns = max(column.values(), default=-1) + 1
    chance = random.Random(0)
    best: list[list] = []
    fewest = None
    for start in range(_STARTS):
        rows = _depth_first_rows(vertices, column, before, after, columns, chance if start else None)
        if fixed:
            rows[0] = list(fixed)
        position = {v: k for row in rows for k, v in enumerate(row)}
        stale = 0
        for sweep in range(_SWEEPS):
            forward = sweep % 2 == 0
            neighbours = before if forward else after
            for k in range(1, columns) if forward else range(columns - 2, 0 if fixed else -1, -1):
                mean = {}
                for v in rows[k]:
                    near = neighbours[v]
                    mean[v] = sum(position[u] for u in near) / len(near) if near else position[v]
                rows[k].sort(key=mean.__getitem__)
                position.update((v, i) for i, v in enumerate(rows[k]))
            crossings = sum(_crossings(row, after, position) for row in rows)
            stale += 1
            if fewest is None or crossings < fewest:
                best, fewest, stale = [list(row) for row in rows], crossings, 0
            if not crossings:
                return best, 0
            if stale == 4:
                break
    return best, _swap_neighbours(best, before, after, fixed, fewest or 0)


def _depth_first_rows(
    vertices: list, column: dict, before: dict, after: dict, columns: int, chance: random.Random | None
) -> list[list]:
    """Columns filled by a walk from the outputs back, which keeps together what belongs together."""
    rows: list[list] = [[] for _ in range(columns)]
    seen = set()
    waiting = [v for v in reversed(vertices) if not after[v]]
    while waiting:
        v = waiting.pop()
        if v in seen:
            continue
        seen.add(v)
        rows[column[v]].append(v)
        inputs = list(dict.fromkeys(before[v]))
        if chance:
            inputs.sort(key=lambda _: chance.random())
        waiting.extend(reversed(inputs))
    return rows


def _crossings(row: list, after: dict, position: dict) -> int:
    """How many of the wires from one column to the next cross."""
    ends = [end for u in row for end in sorted(position[v] for v in after[u])]
    return sum(earlier > later for k, later in enumerate(ends) for earlier in ends[:k])


def _swap_neighbours(rows: list[list], before: dict, after: dict, fixed: list, crossings: int) -> int:
    """Exchange neighbours in a column as long as that undoes crossings; returns how many are left."""
    position = {v: k for row in rows for k, v in enumerate(row)}

    def undone_by_swapping(upper: Any, lower: Any) -> int:
        undone = 0
        for near in (before, after):
            for a in near[upper]:
                for b in near[lower]:
                    undone += (position[a] > position[b]) - (position[a] < position[b])
        return undone

    improved = True
    while improved and crossings:
        improved = False
        for row in rows[1:] if fixed else rows:
            for k in range(len(row) - 1):
                undone = undone_by_swapping(row[k], row[k + 1])
                if undone > 0:
                    row[k], row[k + 1] = row[k + 1], row[k]
                    position[row[k]], position[row[k + 1]] = k, k + 1
                    crossings -= undone
                    improved = True
    return crossings


def _nearest_rising(wanted: list[tuple[float, float]]) -> list[float]:
    """The rising sequence nearest to pairs (value, weight) in squared distance, by pooling adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        size = 1
        while pools and pools[-1][0] > value:
            other, its_weight, its_size = pools.pop()
            value = (value * weight + other * its_weight) / (weight + its_weight)
            weight, size = weight + its_weight, size + its_size
        pools.append((value, weight, size))
    return [value for value, _, size in pools for _ in range(size)]


# ---- groups: each is laid out by itself and then stands as one wide node in the drawing of the res


@dataclass(frozen=True)
class _Box:
    """A group, seen from outside."""

    group: Hashable


@dataclass(frozen=True)
class _Entry:
    """Where an edge comes in through the frame of a group."""

    edge: int


@dataclass(frozen=True)
class _Exit:
    """Where the wires of an inner node go out."""

    node: Hashable


def _grouped(nodes: list, edges: list[tuple], extents: Mapping, groups: dict, owner: dict, spacing: Spacing) -> Layout:
    def outside(n: Any) -> Any:
        return _Box(owner[n]) if n in owner else n

    crossing = [i for i, (a, b) in enumerate(edges) if a not in owner or outside(a) != outside(b)]
    number = {i: k for k, i in enumerate(crossing)}  # edge -> its number in the outer drawing
    try:
        outer = _Part(
            list(dict.fromkeys(map(outside, nodes))),
            [(outside(edges[i][0]), outside(edges[i][1])) for i in crossing],
            spacing,
        )
    except ValueError as problem:
        raise ValueError(f"{problem} With groups, a path that leaves a group must not come back to it.") from None

    inner: dict[Any, _Group] = {}
    solids = {n: _Solid(extents[n]) for n in nodes if n not in owner}
    for name, members in groups.items():
        entering = [i for i in crossing if owner.get(edges[i][1]) == name]
        entering.sort(key=lambda i: outer.arrival(number[i]))
        group = _Group(name, members, entering, edges, extents, owner, spacing)
        inner[name] = group
        solids[_Box(name)] = _Solid(
            group.extent,
            arriving={number[i]: group.height_of(_Entry(i)) for i in entering},
            leaving={
                number[i]: group.height_of(_Exit(edges[i][0])) for i in crossing if owner.get(edges[i][0]) == name
            },
        )
    outer.place(solids)
    whole = outer.layout()

    places: dict[Any, Place] = {}
    frames: dict[Any, Place] = {}
    pieces: dict[Any, list[Point]] = {}
    for n, place in whole.places.items():
        if isinstance(n, _Box):
            frames[n.group] = place
            inner[n.group].put(place, places, pieces)
        else:
            places[n] = place
    wires = []
    for i, (source, _) in enumerate(edges):
        if i in number:
            wire = [*pieces.get(_Exit(source), []), *whole.wires[number[i]], *pieces.get(_Entry(i), [])]
        else:
            wire = pieces[i]
        wires.append([p for k, p in enumerate(wire) if k == 0 or p != wire[k - 1]])
    return Layout(
        {n: places[n] for n in nodes},
        wires,
        {name: frames[name] for name in groups},
        whole.width,
        whole.height,
    )


class _Group:
    """The inside of a frame, laid out with a point for each edge that comes in and each node that is used outside."""

    def __init__(self, name, members, entering, edges, extents, owner, spacing):
        entries = [_Entry(i) for i in entering]
        leaving = dict.fromkeys(a for a, b in edges if owner.get(a) == name and owner.get(b) != name)
        exits = [_Exit(a) for a in leaving]
        within = [i for i, (a, b) in enumerate(edges) if owner.get(a) == name and owner.get(b) == name]
        self.keys = [*entries, *within, *exits]
        ends = [(e, edges[e.edge][1]) for e in entries] + [edges[i] for i in within] + [(e.node, e) for e in exits]
        part = _Part([*entries, *members, *exits], ends, spacing, first=entries, last=exits)
        point = _Solid(Extent(0.0, spacing.bend, spacing.bend))
        part.place({n: _Solid(extents[n]) if n in extents else point for n in part.nodes})
        self.inside = part.layout()
        self.spacing = spacing
        self.middle = self.inside.places[exits[0]].y if exits else self.inside.height / 2
        margin = spacing.frame
        self.extent = Extent(
            self.inside.width + 2 * margin,
            self.middle + margin + spacing.title,
            self.inside.height - self.middle + margin,
        )

    def height_of(self, end: Any) -> float:
        return self.inside.places[end].y - self.middle

    def put(self, frame: Place, places: dict, pieces: dict) -> None:
        """Move everything inside to where the frame came to stand."""
        dx, dy = frame.left + self.spacing.frame, frame.y - self.middle
        for n, p in self.inside.places.items():
            if not isinstance(n, _Entry | _Exit):
                places[n] = Place(round(p.left + dx, 1), round(p.y + dy, 1), p.extent)
        for key, wire in zip(self.keys, self.inside.wires, strict=True):
            points = [(round(x + dx, 1), round(y + dy, 1)) for x, y in wire]
            if isinstance(key, _Entry):
                points.insert(0, (frame.left, points[0][1]))
            if isinstance(key, _Exit):
                points.append((frame.right, points[-1][1]))
            pieces[key] = points
