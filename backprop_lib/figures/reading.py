"""One reading of a graph, from which the picture, the table, the derivation and the PyTorch code are all made.

It gives every node a name and every number its digits, once. So the four cannot disagree, and they step together.
"""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..graph import Graph, Step
from ..tensor import Tensor
from .notation import ATOM, PRODUCT, SUM, fill, notation_of, parts_in_parentheses

SHOWN_IN_FULL = 6  # arrays up to so many entries are shown in full, larger ones by shape and range
LONGEST_NAME = 18  # characters of a name that a picture shows; the whole name is in its tooltip
_LOSSES = ("mean_squared_error", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy")
MORE = " + …"  # after a gradient to which another path will add
_LONGEST_FORMULA = 7  # an unnamed node is called by its formula, such as x·y, if that is not longer


# ---- numbers and names as text -------------------------------------------------------------------


def number(value: Any, digits: int = 6) -> str:
    """A number with at most `digits` significant digits, as Python writes it: 0.924142, -12, 7.6131e-09."""
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = f"{value:.{digits}g}"
    return "0" if text == "-0" else text


def printed(plain: str) -> str:
    """A plain number as it stands in a picture: with a true minus sign, and 7.6131e−9 for 7.6131e-09."""
    mantissa, _, exponent = plain.partition("e")
    if exponent and plain[-1].isdigit():
        plain = f"{mantissa}e{int(exponent)}"
    return plain.replace("inf", "∞").replace("-", "−")


def latex_number(plain: str) -> tuple[str, int]:
    """A plain number in LaTeX, and how tightly it binds."""
    mantissa, _, exponent = plain.partition("e")
    if plain.endswith(("inf", "nan")):
        written = plain.replace("inf", r"\infty").replace("nan", r"\text{nan}")
    elif exponent:
        written = rf"{mantissa} \times 10^{{{int(exponent)}}}"
    else:
        written = plain
    return written, SUM if plain.startswith("-") else PRODUCT if exponent else ATOM


def clean_text(text: Any, longest: int | None = None) -> str:
    """Text from a learner on one line, without characters that no picture can hold; shortened to `longest`."""
    kept = []
    for character in str(text):
        kind = unicodedata.category(character)
        if character.isspace():
            kept.append(" ")
        elif kind in ("Cs", "Co", "Cn") or (kind == "Cc"):
            kept.append("\N{REPLACEMENT CHARACTER}")
        elif kind != "Cf":
            kept.append(character)
    line = " ".join("".join(kept).split())
    return line if longest is None or len(line) <= longest else line[: longest - 1].rstrip() + "…"


_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu "
    "nu xi pi rho sigma tau upsilon phi chi psi omega"
)
_GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψω", _GREEK_NAMES.split(), strict=True))
_GREEK |= dict(zip("ΓΔΘΛΞΠΣΥΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(), strict=True))
_LATEX_ESCAPES = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\wedge ", "~": r"\sim ", "<": r"\lt ", ">": r"\gt ",
}  # fmt: skip


def latex_name(name: str, plain: bool = False) -> str:
    """A name as LaTeX: w1 and w_1 become w with an index, greek letters and a hat are known, all else is plain text.

    `plain`: as plain text in any case, letter for letter.
    """
    stem, index = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    stem = stem.removesuffix("_") if index and len(stem) > 1 else stem
    letter = None if plain else _latex_letter(stem)
    if letter and (not index or index.isascii()):
        return f"{letter}_{{{index}}}" if index else letter
    pieces: list[str] = []
    for character in name:
        special = _LATEX_ESCAPES.get(character)
        if special is None and (character.isascii() or character.isalnum()):
            if pieces and pieces[-1].startswith(r"\text{"):
                pieces[-1] = pieces[-1][:-1] + character + "}"
            else:
                pieces.append(rf"\text{{{character}}}")
        elif special is not None:
            pieces.append(special)
        else:
            pieces.append((not plain and _latex_letter(character)) or rf"\text{{{character}}}")
    return "{" + "".join(pieces) + "}"


def _latex_letter(stem: str) -> str | None:
    if len(stem) == 1 and stem.isascii() and stem.isalpha():
        return stem
    if stem in _GREEK:
        return rf"\{_GREEK[stem]}"
    if stem in _GREEK.values():
        return rf"\{stem}"
    if stem in ("yhat", "y_hat"):
        return r"\hat{y}"
    if len(unicodedata.normalize("NFD", stem)) == 2:
        base, accent = tuple(unicodedata.normalize("NFD", stem))
        if base.isascii() and base.isalpha() and accent == "\N{COMBINING CIRCUMFLEX ACCENT}":
            return rf"\hat{{{base}}}"
    return None


# ---- what a step shows ---------------------------------------------------------------------------


class Link(NamedTuple):
    """One use of a node: `source` is input number `position` of `target`; both are numbers of nodes."""

    source: int
    target: int
    position: int


@dataclass(frozen=True)
class State:
    """What is known at one step. Nodes and links are named by their numbers in the reading.

    values: the nodes computed so far. totals: the gradient added up so far at each node that has any. sent: for each
    link that has carried a gradient, what it sent. arrived: for each node the links that have, in order. waiting: the
    nodes to which more will come, so that what has been added up is not their gradient yet.
    node, link: what the step is about; None where the whole is shown at rest.
    """

    phase: str
    values: dict[int, np.ndarray]
    totals: dict[int, np.ndarray]
    sent: dict[int, np.ndarray]
    arrived: dict[int, list[int]]
    node: int | None = None
    link: int | None = None
    step: Step | None = None
    waiting: frozenset[int] = frozenset()


class Reading:
    """A graph with a name for every node, at the values it has now.

    graph : a Graph, or the Tensor it leads to.
    digits : significant digits of every number (1 to 17).
    gradient : the upstream gradient to start from, for an output that is not a single number. Without it such a graph
        is read forward only.

    `names`: what each node is called: the name it was given, else its formula where that is short (x·y), else v1, v2, …
    (t1, t2, … for a leaf); a constant is called by its value. `constant[k]`: whether node k is one.
    """

    def __init__(self, graph: Graph | Tensor, digits: int = 6, gradient: Any = None):
        if not isinstance(digits, int) or isinstance(digits, bool) or not 1 <= digits <= 17:
            raise ValueError(f"digits is a whole number from 1 to 17; given was {digits!r}.")
        self.graph = graph if isinstance(graph, Graph) else Graph(graph)
        self.digits = digits
        self.gradient = gradient
        self.nodes = self.graph.nodes
        self.number_of = {node: k for k, node in enumerate(self.nodes)}
        self.output = self.number_of[self.graph.output]
        self.edges = self.graph.edges
        self.links = [Link(self.number_of[e.source], self.number_of[e.target], e.position) for e in self.edges]
        self.link_of = {(link.target, link.position): k for k, link in enumerate(self.links)}
        self.inputs: list[list[int]] = [[self.number_of[t] for t in node.inputs] for node in self.nodes]
        self.has_backward = self.graph.output.requires_grad and (self.graph.output.size == 1 or gradient is not None)
        self.constant = [n.operation is None and not n.requires_grad and n.name is None for n in self.nodes]
        self._uses: dict[int, tuple[str, str]] = {}
        self._name_nodes()
        self.refresh()

    def refresh(self) -> None:
        """Read the values again after `graph.forward()`; names and digits stay."""
        if self.has_backward:
            self.steps = self.graph.steps(self.gradient)
        else:
            self.steps = self.graph.forward_steps()
        self._final: State | None = None
        self._locals: dict[int, np.ndarray | None] = {}
        for k, node in enumerate(self.nodes):
            if self.constant[k] and node.size == 1:
                self._name_constant(k)

    # ---- names -----------------------------------------------------------------------------------

    def _name_nodes(self) -> None:
        given = [clean_text(node.name) if node.name is not None else "" for node in self.nodes]
        taken = set(given)
        count: dict[str, int] = {}
        self.names: list[str] = []
        self.latex: list[str] = []
        self._written: set[str] = set()
        self.binds: list[int] = []  # how tightly the name holds together
        self.latex_binds: list[int] = []  # and how tightly in LaTeX
        leaf, inner, constant = (self._fresh(letter, taken) for letter in "tvc")
        for k, node in enumerate(self.nodes):
            name, binds, latex_binds = given[k], ATOM, ATOM
            if name:
                count[name] = count.get(name, 0) + 1
                while count[name] > 1 and f"{name} ({count[name]})" in taken:
                    count[name] += 1
                if count[name] > 1:
                    name = f"{name} ({count[name]})"
                    taken.add(name)
                latex = self._new_latex_name(name)
            elif self.constant[k] and node.size == 1:
                plain = number(node.data.reshape(()), self.digits)
                name, (latex, binds) = printed(plain), latex_number(plain)
                latex_binds = binds
            elif k == self.output and node.operation is not None:
                letters = ("L", "out") if node.operation.name in _LOSSES else ("f", "L", "out")
                name = next((c for c in letters if c not in taken), None) or next(inner)
                taken.add(name)
                latex = self._new_latex_name(name)
            elif node.operation is None:
                name = next(constant if self.constant[k] else leaf)
                latex = self._new_latex_name(name)
            else:
                name = self.formula(k)
                if len(name) <= _LONGEST_FORMULA and name not in taken:
                    row = notation_of(node)
                    latex, binds = self.latex_formula(k), row.binds
                    latex_binds = binds if row.latex_binds is None else row.latex_binds
                    taken.add(name)
                else:
                    name = next(inner)
                    latex = self._new_latex_name(name)
            self.names.append(name)
            self.latex.append(latex)
            self.binds.append(binds)
            self.latex_binds.append(latex_binds)

    def _new_latex_name(self, name: str) -> str:
        """As `latex_name`, but in plain text where another name looks the same already: w1 and w_1, or θ and theta."""
        latex = latex_name(name)
        if latex in self._written:
            latex = latex_name(name, plain=True)
        self._written.add(latex)
        return latex

    def _name_constant(self, k: int) -> None:
        plain = number(self.nodes[k].data.reshape(()), self.digits)
        self.names[k] = printed(plain)
        self.latex[k], self.binds[k] = latex_number(plain)
        self.latex_binds[k] = self.binds[k]

    @staticmethod
    def _fresh(letter: str, taken: set[str]) -> Iterator[str]:
        count = 0
        while True:
            count += 1
            if f"{letter}{count}" not in taken:
                taken.add(f"{letter}{count}")
                yield f"{letter}{count}"

    def short_name(self, k: int) -> str:
        """The name as a picture shows it."""
        return clean_text(self.names[k], LONGEST_NAME)

    def formula(self, k: int) -> str:
        """How node k is computed, in the names of its inputs: w·x + b."""
        row = notation_of(self.nodes[k])
        parts = [(clean_text(self.names[i], LONGEST_NAME), self.binds[i]) for i in self.inputs[k]]
        return fill(row.text, parts_in_parentheses(parts, row.needs), self.nodes[k])

    def latex_formula(self, k: int) -> str:
        return self.latex_with(k, [(self.latex[i], self.latex_binds[i]) for i in self.inputs[k]])

    def latex_with(self, k: int, parts: list[tuple[str, int]]) -> str:
        """How node k is computed, with `parts` (what is written, how it binds) in the places of its inputs."""
        row = notation_of(self.nodes[k])
        needs = row.needs if row.latex_needs is None else row.latex_needs
        return fill(row.latex, parts_in_parentheses(parts, needs, latex=True), self.nodes[k])

    def latex_atom(self, k: int) -> str:
        """The name in LaTeX, in parentheses if it is a formula that could come apart."""
        return self.latex[k] if self.latex_binds[k] == ATOM else rf"\left({self.latex[k]}\right)"

    # ---- numbers ---------------------------------------------------------------------------------

    def plain(self, value: Any) -> str:
        """A number with the reading's digits, as Python writes it."""
        return number(value, self.digits)

    def in_full(self, array: np.ndarray) -> bool:
        """Whether an array is small enough to be shown entry by entry."""
        return 0 < array.size <= SHOWN_IN_FULL and array.ndim <= 2

    def text(self, array: np.ndarray) -> str:
        """A value on one line: a number, a small array in full, or the shape and range of a large one."""
        if array.ndim == 0:
            return printed(self.plain(array))
        if self.in_full(array):
            return _nested([printed(self.plain(x)) for x in array.ravel()], array.shape)
        return self.summary(array)

    def summary(self, array: np.ndarray) -> str:
        if array.size == 0:
            return f"shape {array.shape}, no entries"
        low, high = (printed(self.plain(x)) for x in (array.min(), array.max()))
        return f"shape {array.shape}, {low} to {high}"

    def local(self, k: int) -> np.ndarray | None:
        """The local derivative of link k at the current values; None where there is none, or where it would be huge."""
        if k not in self._locals:
            edge = self.edges[k]
            operation = edge.target.operation
            small = operation is not None and (operation.elementwise or edge.target.size * edge.source.size <= 4096)
            self._locals[k] = edge.local if small else None
        return self._locals[k]

    def entrywise(self, k: int) -> bool:
        """Whether upstream × local, entry by entry, is all that link k does (apart from undoing a broadcast)."""
        operation = self.edges[k].target.operation
        return operation is not None and (
            operation.elementwise or self.edges[k].source.size == self.edges[k].target.size == 1
        )

    def local_text(self, link: int) -> str | np.ndarray:
        """What stands on a link: its local derivative as an array to be shown in full, or a few characters.

        Nothing where no gradient can pass. A Jacobian is given by its factor where it has a short one (a matrix
        product), else by its shape.
        """
        edge = self.edges[link]
        operation = edge.target.operation
        if operation is None or not edge.target.requires_grad or not edge.source.requires_grad:
            return ""
        if operation.name == "matmul" and not self.entrywise(link):
            return self.factor_of_link(link)
        local = self.local(link)
        if local is None or not (operation.elementwise or edge.target.size == 1):
            return self.factor_of_link(link)
        if local.size and (local == local.flat[0]).all():
            return printed(self.plain(local.flat[0]))
        local = local if operation.elementwise else local.reshape(edge.source.shape)
        return local if self.in_full(local) else str(local.shape)

    # ---- steps -----------------------------------------------------------------------------------

    def state(self, step: int | None = None) -> State:
        """What is known after step number `step` (0, 1, …); None: after all of them, with nothing in focus."""
        if step is None:
            if self._final is None:
                self._final = self._state_after(len(self.steps) - 1, focus=False)
            return self._final
        if not isinstance(step, int | np.integer) or not 0 <= step < len(self.steps):
            raise IndexError(f"This graph has the steps 0 to {len(self.steps) - 1}; asked for was {step!r}.")
        return self._state_after(int(step), focus=True)

    def _state_after(self, last: int, focus: bool) -> State:
        state = State("backward" if self.has_backward else "forward", {}, {}, {}, {})
        for step in self.steps[: last + 1]:
            k = self.number_of[step.node]
            if step.phase == "forward":
                state.values[k] = step.value
                continue
            assert step.total is not None and step.downstream is not None
            state.totals[k] = step.total
            if step.edge is not None and step.consumer is not None:
                link = self.link_of[self.number_of[step.consumer], step.edge.position]
                state.sent[link] = step.downstream
                state.arrived.setdefault(k, []).append(link)
        if not focus:
            return state
        step = self.steps[last]
        k = self.number_of[step.node]
        latest = state.arrived[k][-1] if step.phase == "backward" and step.edge is not None else None
        later = frozenset(self.number_of[s.node] for s in self.steps[last + 1 :] if s.phase == "backward")
        return State(step.phase, state.values, state.totals, state.sent, state.arrived, k, latest, step, later)

    def gradient_text(self, k: int, state: State) -> str:
        """The gradient of node k at that state: 12, or 3 + … while more is to come; empty if nothing has arrived."""
        if k not in state.totals:
            return ""
        return self.text(state.totals[k]) + (MORE if k in state.waiting else "")

    def gradient_name(self, k: int, short: bool = False) -> str:
        """∂L/∂w, in text."""
        over, under = (self.short_name(i) if short else self.names[i] for i in (self.output, k))
        over = over if self.binds[self.output] == ATOM else f"({over})"
        return f"∂{over}/∂{under if self.binds[k] == ATOM else f'({under})'}"

    def local_name(self, link: int) -> str:
        """∂z/∂w, in text: the local derivative, by one use of w; ∂z/∂(1st w) or ∂z/∂(w alone) if it is not the only."""
        above, below = (
            clean_text(self.names[i], LONGEST_NAME) if self.binds[i] == ATOM else f"({self.names[i]})"
            for i in (self.links[link].target, self.links[link].source)
        )
        before, after = self.which_use(link)
        return f"∂{above}/∂({before}{below}{after})" if before or after else f"∂{above}/∂{below}"

    def which_use(self, link: int) -> tuple[str, str]:
        """What is written before and after the source's name, so that it means this one use of it and no other.

        A local derivative moves one input of an operation and holds the others still. Where the link is the only path
        from source to target, that is the whole derivative, and nothing needs to be said. The first x of x·x is "1st ";
        the first of x + σ(x), which moves while the one in σ(x) is held, is " alone".
        """
        if link not in self._uses:
            source, target, position = self.links[link]
            same = [p for p, i in enumerate(self.inputs[target]) if i == source]
            if len(same) > 1:
                self._uses[link] = _ordinal(same.index(position) + 1) + " ", ""
            else:
                self._uses[link] = "", " alone" if self._leads_to_another_input(source, target) else ""
        return self._uses[link]

    def _leads_to_another_input(self, source: int, target: int) -> bool:
        """Whether a gradient reaches `source` from `target` through one of the target's other inputs."""
        waiting, seen = [target], set()
        while waiting:
            k = waiting.pop()
            for position, i in enumerate(self.inputs[k]):
                if i < source or i in seen or not self._passes(k, position):  # what is computed earlier uses it not
                    continue
                if i > source:
                    seen.add(i)
                    waiting.append(i)
                elif k != target:
                    return True
        return False

    def _passes(self, k: int, position: int) -> bool:
        """Whether a gradient passes from node k to that input of it."""
        operation = self.nodes[k].operation
        assert operation is not None
        slopes = operation.derivatives
        return self.nodes[self.inputs[k][position]].requires_grad and bool(slopes) and slopes[position] is not None

    def sentence(self, step: int | None = None) -> str:
        """One sentence for what happens at a step, or for the whole graph."""
        state = self.state(step)
        if state.node is None:
            return self._whole_sentence(state)
        k = state.node
        if state.phase == "forward":
            return self._forward_sentence(k)
        if state.link is None:
            return f"Backward: start at the output with {self.gradient_name(k)} = {self.text(state.totals[k])}."
        return self._backward_sentence(state)

    def _whole_sentence(self, state: State) -> str:
        name = self.names[self.output]
        text = f"{name} = {self.text(state.values[self.output])}"
        gradients = [
            f"{self.gradient_name(k)} = {self.text(state.totals[k])}"
            for k, node in enumerate(self.nodes)
            if node.operation is None and k in state.totals
        ]
        return f"{text}; {', '.join(gradients)}." if gradients else f"{text}."

    def _forward_sentence(self, k: int) -> str:
        node, name = self.nodes[k], self.names[k]
        value = self.text(np.asarray(node.data))
        if node.operation is None:
            return f"Forward: the constant {value}." if self.constant[k] else f"Forward: {name} = {value} is given."
        formula = self.formula(k)
        parts = [name] if formula == name else [name, formula]
        numbers = self.formula_in_numbers(k)
        parts += [numbers] if numbers not in (None, formula, value) else []
        return f"Forward: {' = '.join([*parts, value])}."

    def formula_in_numbers(self, k: int) -> str | None:
        """3·2 + 1, for a node whose inputs are all single numbers."""
        node = self.nodes[k]
        if any(t.ndim for t in node.inputs):
            return None
        row = notation_of(node)
        parts = []
        for i in self.inputs[k]:
            plain = self.plain(self.nodes[i].data)
            parts.append((printed(plain), latex_number(plain)[1]))
        return fill(row.text, parts_in_parentheses(parts, row.needs), node)

    def _backward_sentence(self, state: State) -> str:
        assert state.step is not None and state.link is not None and state.node is not None
        step, k, link = state.step, state.node, state.link
        target = self.links[link].target
        assert step.upstream is not None and step.downstream is not None and step.total is not None
        arrived, shares = len(state.arrived[k]), len(self.state().arrived[k])
        head = f"Backward: {self.gradient_name(k)} "
        head += "=" if shares == 1 else f"gets {'a first' if arrived == 1 else 'another'} share,"
        if self.entrywise(link):
            up, local = (self._factor(x) for x in (step.upstream, step.local))
            text = f"{head} {self.gradient_name(target)} × {self.local_name(link)} = {up} × {local}"
            text += f" = {self.text(step.downstream)}"
        else:
            text = f"{head} {self.carried(link)} = {self.text(step.downstream)}"
        if arrived == 1:
            return text + "."
        return f"{text}; added up{' so far' if arrived < shares else ''}: {self.text(step.total)}."

    def factor_of_link(self, link: int) -> str:
        """What a link multiplies by, in a few letters, where that is not one number for each entry."""
        source, target, position = self.links[link]
        operation = self.nodes[target].operation
        assert operation is not None
        if operation.name == "matmul":
            left, right = (self._short_operand(i) for i in self.inputs[target])
            return f"· {right}ᵀ" if position == 0 else f"{left}ᵀ ·"
        if operation.name in ("sum", "mean"):
            return "1 each" if operation.name == "sum" else f"1/{self._count(link)} each"
        return f"{self.nodes[target].shape}←{self.nodes[source].shape}"

    def carried(self, link: int) -> str:
        """What a link sends back, in names, where that is not upstream × local entry by entry."""
        source, target, position = self.links[link]
        operation = self.nodes[target].operation
        assert operation is not None
        upstream = self.gradient_name(target)
        if operation.name == "matmul":
            factor = self.factor_of_link(link)
            return f"{upstream} {factor}" if position == 0 else f"{factor} {upstream}"
        ways = {
            "sum": f"{upstream} copied to each entry",
            "mean": f"{upstream} / {self._count(link)}, copied to each entry",
        }
        return ways.get(operation.name, f"{upstream} × {self.local_name(link)} ({operation.name.replace('_', ' ')})")

    def _count(self, link: int) -> int:
        return self.edges[link].source.size // max(self.edges[link].target.size, 1)

    def _short_operand(self, k: int) -> str:
        name = clean_text(self.names[k], 8)
        return name if self.binds[k] == ATOM else f"({name})"

    def _factor(self, array: np.ndarray | None) -> str:
        if array is None:
            return "?"
        if array.size > 1 and (array == array.flat[0]).all():
            array = array.reshape(-1)[0].reshape(())
        text = self.text(array)
        return f"({text})" if text.startswith("−") else text


def reading_of(graph: "Graph | Tensor | Reading", digits: int | None = None, gradient: Any = None) -> Reading:
    """The reading itself if it is one, else a new reading of the graph."""
    if not isinstance(graph, Reading):
        return Reading(graph, 6 if digits is None else digits, gradient)
    if digits is not None or gradient is not None:
        raise ValueError(
            f"A Reading has its digits ({graph.digits}) and its gradient already. Give them where it is made, "
            "Reading(graph, digits, gradient), or give the graph itself instead of a Reading."
        )
    return graph


def _ordinal(count: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"


def _nested(entries: list[str], shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"[{', '.join(entries)}]"
    inner = len(entries) // shape[0]
    return f"[{', '.join(_nested(entries[k * inner : (k + 1) * inner], shape[1:]) for k in range(shape[0]))}]"
