"""Computation graphs."""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

from ..answers import shown, unanswered
from ..exercises import Exercise, Feedback, FunctionExercise, Solution, Task, Verdict
from ..mistakes import multiplied_paths, overwritten, sign_flipped
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Step

# For each node that is computed, its inputs in the order in which they are written, with the local derivative of each.
Uses = Mapping[str, Mapping[str, float]]


def last(kept: float, share: float) -> float:
    """What `=` does in the place of `+=`."""
    return share


def gradients(
    uses: Uses,
    order: Sequence[str],
    keep: Callable[[float, float], float] = lambda kept, share: kept + share,
    local_only: Sequence[str] = (),
) -> dict[str, float]:
    """The gradient of the first node of `order` by every node, when the nodes pass on what they have in this order.

    local_only: nodes that forget to multiply what they pass on by what has arrived.
    """
    found = dict.fromkeys(order, 0.0) | {order[0]: 1.0}
    for node in order:
        upstream = 1.0 if node in local_only else found[node]
        for source, local in uses.get(node, {}).items():
            found[source] = keep(found[source], upstream * local)
    return found


def called(uses: Uses, output: str, once: bool, last_first: bool) -> dict[str, float]:
    """The same for a walk in which a node, when it is called, passes on all that it has and then calls its inputs.

    once: a node that has been called before is not called again. last_first: it calls its last input first.
    """
    found: dict[str, float] = {output: 1.0}
    seen: list[str] = []

    def call(node: str) -> None:
        if once and node in seen:
            return
        seen.append(node)
        inputs = list(uses.get(node, {}).items())
        for source, local in inputs:
            found[source] = found.get(source, 0.0) + found[node] * local
        for source, _ in reversed(inputs) if last_first else inputs:
            call(source)

    call(output)
    return found


def last_path(uses: Uses, output: str) -> dict[str, float]:
    """The same for a walk that follows every path and writes into a node what arrives, over what was there."""
    found: dict[str, float] = {}

    def follow(node: str, upstream: float) -> None:
        found[node] = upstream
        for source, local in uses.get(node, {}).items():
            follow(source, upstream * local)

    follow(output, 1.0)
    return found


def too_early(uses: Uses, order: Sequence[str]) -> tuple[str, list[str]] | None:
    """The first node that has its turn before a node that uses it, and the users that come after it."""
    for place, node in enumerate(order):
        late = [user for user in order[place + 1 :] if node in uses.get(user, {})]
        if late:
            return node, late
    return None


class Ordering(Task):
    """An exercise whose answer is an order of the nodes of a graph: "L e f", or a list of names.

    Right is every order, from the output on, in which each node comes after all nodes that use it.
    """

    def __init__(self, key: str, question: str, uses: Uses, example: Sequence[str], hints: Sequence[str]):
        super().__init__(key, question, hints)
        self.uses, self.example = uses, tuple(example)

    def solution(self) -> Solution:
        return Solution((" ".join(self.example),))

    def check(self, order: Any = None) -> Feedback:
        """Judge an order; None or ... is not answered yet."""
        return self._feedback({"": self._judge(order)})

    def _judge(self, order: Any) -> Verdict:
        if unanswered(order):
            return Verdict("open", "not answered yet")
        for sign in (",", "→", "->", ";"):
            order = order.replace(sign, " ") if isinstance(order, str) else order
        names = order.split() if isinstance(order, str) else order
        if isinstance(order, str) and len(names) == 1 and set(names[0]) <= set(self.example):
            names = list(names[0])  # "Lefcdab"
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            return Verdict("wrong", f'You gave {shown(order)}; expected are names in quotes, such as "L e f …".')
        problems = [f"there is no {shown(name)}" for name in names if name not in self.example]
        problems += [f"{name} is missing" for name in self.example if name not in names]
        problems += [f"{name} stands there more than once" for name in self.example if names.count(name) > 1]
        if problems:
            return Verdict("wrong", f"You gave {shown(order)}: {problems[0]}.")
        late = too_early(self.uses, names)
        if late is None:
            orders = sum(too_early(self.uses, way) is None for way in permutations(self.example))
            return Verdict("right", f"Nobody passes on too early. This is one of {orders} right orders.")
        node, users = late
        full, arrived = gradients(self.uses, self.example)[node], gradients(self.uses, names)
        before = [user for user in names[: names.index(node)] if node in self.uses.get(user, {})]
        so_far = sum(arrived[user] * self.uses[user][node] for user in before)
        return Verdict(
            "wrong",
            f"When {node} has its turn, {shown(so_far)} of its {shown(full)} has arrived: {' and '.join(users)} "
            f"{'have' if len(users) > 1 else 'has'} not sent a share yet.",
            ("too early",),
        )

    def _how(self) -> Sequence[str]:
        return (f'Answer with `check("{self.example[0]} …")`, the names with spaces between.',)


# ---- the graph of notebook 02: c = a + b, d = a·b, e = c + d, f = c·d, L = e + f at a = 2, b = 3 ----

WORKED: Uses = {
    "L": {"e": 1, "f": 1},
    "f": {"c": 6, "d": 5},
    "e": {"c": 1, "d": 1},
    "d": {"a": 3, "b": 2},
    "c": {"a": 1, "b": 1},
}

# ---- the graph of the last exercise: p = a·b, q = p + c, r = p·q, L = r + q ----


def _engine_graph(a: float, b: float, c: float) -> Uses:
    p = a * b
    q = p + c
    return {"L": {"r": 1, "q": 1}, "r": {"p": q, "q": p}, "q": {"p": 1, "c": 1}, "p": {"a": b, "b": a}}


def _of_the_inputs(found: Mapping[str, float]) -> tuple[float, float, float]:
    return found["a"], found["b"], found["c"]


def _walks_back(
    walk: Callable[[Uses], Mapping[str, float]], graph: Callable[..., Uses] = _engine_graph
) -> dict[str, Step]:
    return {"gradients": lambda a, b, c: _of_the_inputs(walk(graph(a, b, c)))}


def _not_swapped(a: float, b: float, c: float) -> Uses:
    p = a * b
    q = p + c
    return {"L": {"r": 1, "q": 1}, "r": {"p": p, "q": q}, "q": {"p": 1, "c": 1}, "p": {"a": a, "b": b}}


def _sums_multiply(a: float, b: float, c: float) -> Uses:
    p = a * b
    q = p + c
    r = p * q
    return {"L": {"r": q, "q": r}, "r": {"p": q, "q": p}, "q": {"p": c, "c": p}, "p": {"a": b, "b": a}}


def _sums_halve(a: float, b: float, c: float) -> Uses:
    half = {"L": {"r": 0.5, "q": 0.5}, "q": {"p": 0.5, "c": 0.5}}
    return {**_engine_graph(a, b, c), **half}


ORDER = ("L", "r", "q", "p", "a", "b", "c")  # the only one, up to the leaves

# Values for the graph of the two last exercises, p = a · b, q = p + c, r = p · q, L = r + q.
_PROBES = [
    {"a": 2.0, "b": 3.0, "c": -1.0},
    {"a": -0.5, "b": 4.0, "c": 3.5},
    {"a": 1.5, "b": -2.0, "c": 0.25},
]

exercises: list[Task] = [
    Exercise(
        "02.check.first-graph",
        "q = x + y, f = q · z. Walk forward, then back: what arrives at each value?",
        steps={
            "q": lambda x, y: x + y,
            "f": lambda q, z: q * z,
            "df_dq": lambda z: z,
            "df_dz": lambda q: q,
            "df_dx": lambda df_dq: df_dq,
            "df_dy": lambda df_dq: df_dq,
        },
        asks=("q", "f", "df_dq", "df_dz", "df_dx", "df_dy"),
        given={"x": -2, "y": 5, "z": -4},
        mistakes=[
            Mistake(
                "inputs not swapped",
                "if the multiply node gives each input its own value back",
                "A multiply node swaps: each input gets the other's value.",
                {"df_dq": lambda q: q, "df_dz": lambda z: z},
            ),
            Mistake(
                "add node multiplies",
                "if the add node multiplies by the inputs, as a multiply node does",
                "An add node copies what arrives to both inputs: its local derivatives are 1.",
                {"df_dx": lambda df_dq, y: df_dq * y, "df_dy": lambda df_dq, x: df_dq * x},
            ),
            Mistake(
                "upstream forgotten",
                "if only the local derivative of the add node is written down",
                "What is sent on is upstream times local.",
                {"df_dx": lambda: 1, "df_dy": lambda: 1},
            ),
            Mistake(
                "add node shares out",
                "if the add node divides what arrives between its two inputs",
                "A nudge of either input moves the sum by just as much: each gets the whole.",
                {"df_dx": lambda df_dq: df_dq / 2, "df_dy": lambda df_dq: df_dq / 2},
            ),
            Mistake(
                "brackets forgotten",
                "if x + y · z is computed, without the brackets",
                "f = q · z: the sum comes first, then its product with z.",
                {"f": lambda x, y, z: x + y * z},
            ),
        ],
        hints=[
            "Forward first: q, then f. The way back starts at f with 1 and meets the multiply node.",
            (
                "A multiply node sends each input the other input's value times what arrives; an add node"
                " copies what arrives."
            ),
            (
                "q = {q}, f = {f}; df/dq = z = {df_dq}, df/dz = q = {df_dz}; the add node copies: df/dx ="
                " df/dy = {df_dx}."
            ),
        ],
    ),
    Exercise(
        "02.check.shares",
        "f = (x + 2)·(x − 5) at x = 3: the share that comes to x through x + 2, the share through x − 5, their sum; and"
        " the x at which the two shares cancel.",
        steps={
            "plus": lambda x: x + 2,
            "minus": lambda x: x - 5,
            "through_plus": lambda minus: minus,
            "through_minus": lambda plus: plus,
            "df_dx": lambda through_plus, through_minus: through_plus + through_minus,
            "cancel_at": lambda: (5 - 2) / 2,
        },
        asks=("through_plus", "through_minus", "df_dx", "cancel_at"),
        given={"x": 3},
        mistakes=[
            Mistake(
                "inputs not swapped",
                "if the multiply node gives each input its own value back",
                "A multiply node swaps: x + 2 gets the value of x − 5, and the other way round.",
                {"through_plus": lambda plus: plus, "through_minus": lambda minus: minus},
            ),
            Mistake(
                "local slope only",
                "if only the slope of x + 2 or of x − 5 by x is written down",
                "That slope is multiplied by what arrives at the factor: the value of the other factor.",
                {"through_plus": lambda: 1, "through_minus": lambda: 1},
            ),
            overwritten("df_dx", "through_plus"),
            overwritten("df_dx", "through_minus"),
            multiplied_paths("df_dx", "through_plus", "through_minus"),
            Mistake(
                "value 0 instead of gradient 0",
                "if f itself is to be 0",
                "Asked is where the two shares add up to 0, not where the value is 0.",
                {"cancel_at": lambda: 5.0},
            ),
            Mistake(
                "value 0 instead of gradient 0, on the left",
                "if f is to be 0",
                "Asked is where the two shares add up to 0, not where the value is 0.",
                {"cancel_at": lambda: -2.0},
            ),
        ],
        hints=[
            "Step to the end, where two shares arrive at x. The sentence says through which node each has come.",
            "The shares are x − 5 and x + 2. For which x is one as far below 0 as the other is above?",
            (
                "At x = 3 they are {through_plus} and {through_minus}, together {df_dx}. At x = {cancel_at} they are"
                " −3.5 and 3.5."
            ),
        ],
    ),
    Exercise(
        "02.check.missing",
        "p = u · v, s = p + w, f = s · s. The forward pass is done; what arrives at each value on the way back?",
        steps={
            "df_ds": lambda s: s + s,
            "df_dp": lambda df_ds: df_ds,
            "df_dw": lambda df_ds: df_ds,
            "df_du": lambda df_dp, v: df_dp * v,
            "df_dv": lambda df_dp, u: df_dp * u,
        },
        asks=("df_ds", "df_dp", "df_dw", "df_du", "df_dv"),
        given={"u": 3, "v": -2, "w": 2, "p": -6, "s": -4, "f": 16},
        mistakes=[
            Mistake(
                "one share of two",
                "if only one of the two shares is kept",
                "s is both inputs of the last node, and each of them is sent a share: add the two.",
                {"df_ds": lambda s: s},
            ),
            Mistake(
                "shares multiplied",
                "if the two shares are multiplied with each other",
                "Where shares meet they are added.",
                {"df_ds": lambda s: s * s},
            ),
            Mistake(
                "inputs not swapped",
                "if the multiply node gives each input its own value back",
                "A multiply node swaps: each input gets the other's value.",
                {"df_du": lambda df_dp, u: df_dp * u, "df_dv": lambda df_dp, v: df_dp * v},
            ),
            Mistake(
                "add node multiplies",
                "if the add node multiplies by the inputs, as a multiply node does",
                "An add node copies what arrives to both inputs.",
                {"df_dp": lambda df_ds, w: df_ds * w, "df_dw": lambda df_ds, p: df_ds * p},
            ),
            Mistake(
                "upstream forgotten",
                "if only the local derivative is written down",
                "What is sent on is upstream times local.",
                {"df_dp": lambda: 1, "df_dw": lambda: 1, "df_du": lambda v: v, "df_dv": lambda u: u},
            ),
            Mistake(
                "sign lost",
                "if a minus sign is lost",
                "Keep the sign of every factor.",
                {"df_ds": lambda s: -2 * s},
            ),
        ],
        hints=[
            "Begin at f with 1. The last node multiplies s by s: what does it send to each of its two inputs?",
            "At s the two shares are added. The add node copies that to p and to w; the first node swaps u and v.",
            (
                "df/ds = s + s = {df_ds}; df/dp = df/dw = {df_dp}; df/du = {df_dp} · ({v}) = {df_du}; df/dv = {df_dp} ·"
                " {u} = {df_dv}."
            ),
        ],
    ),
    Exercise(
        "02.check.fork",
        "p = a · b, f = p + a. The value a is used twice.",
        steps={
            "through_p": lambda b: b,
            "directly": lambda: 1,
            "df_da": lambda through_p, directly: through_p + directly,
            "df_db": lambda a: a,
        },
        asks=("df_da", "df_db"),
        given={"a": 3, "b": -5},
        mistakes=[
            Mistake(
                "share through p lost",
                "if only the share that comes straight from the sum is kept, as `=` in the place of `+=` does",
                "a is used twice, and the share through p = a · b is added to the other.",
                {"df_da": lambda directly: directly},
            ),
            Mistake(
                "share straight from the sum lost",
                "if only the share through p is kept, as `=` in the place of `+=` does",
                "a is used twice, and the share that comes straight from f = p + a is added to the other.",
                {"df_da": lambda through_p: through_p},
            ),
            Mistake(
                "value of a added",
                "if the value of a is added instead of the share that comes straight from the sum",
                "The sum copies what arrives, and that is 1, however large a is.",
                {"directly": lambda a: a},
            ),
            Mistake(
                "inputs not swapped",
                "if the multiply node gives each input its own value back",
                "A multiply node swaps: each input gets the other's value.",
                {"through_p": lambda a: a, "df_db": lambda b: b},
            ),
            sign_flipped("through_p", "Keep the sign of what the other input brings."),
        ],
        hints=[
            "Find every path from a to f. Follow each on its own.",
            (
                "One path leads through the multiply node, one straight to the sum. Where they meet at a,"
                " they are added."
            ),
            "df/da = {through_p} + {directly} = {df_da}, and df/db = a = {df_db}.",
        ],
    ),
    FunctionExercise(
        "02.check.multiply-backward",
        "The backward rule of out = x · y: given the upstream gradient, return what is sent to x and what is"
        " sent to y.",
        steps={"downstream": lambda upstream, x, y: (upstream * y, upstream * x)},
        asks="downstream",
        probes=[
            {"upstream": 1.0, "x": 3.0, "y": -4.0},
            {"upstream": -2.5, "x": 0.5, "y": 7.0},
            {"upstream": 2.0, "x": 0.0, "y": 5.0},
        ],
        mistakes=[
            Mistake(
                "inputs not swapped",
                "if each input gets its own value back",
                "The derivative of x · y by x is y.",
                {"downstream": lambda upstream, x, y: (upstream * x, upstream * y)},
            ),
            Mistake(
                "upstream forgotten",
                "if the upstream gradient is not multiplied in",
                "What is sent on is upstream times local.",
                {"downstream": lambda x, y: (y, x)},
            ),
            Mistake(
                "upstream copied",
                "if the upstream gradient is copied, as an add node does",
                "An add node copies; a multiply node multiplies by the other input.",
                {"downstream": lambda upstream: (upstream, upstream)},
            ),
        ],
        hints=[
            "What is the derivative of x · y by x, with y held still?",
            ("Downstream is upstream times local, once for x and once for y; return the two with a comma between."),
            "`return upstream * y, upstream * x`",
        ],
    ),
    FunctionExercise(
        "02.check.max-backward",
        "The backward rule of out = max(x, y) for x ≠ y: return what is sent to x and what is sent to y.",
        steps={"downstream": lambda upstream, x, y: (upstream * (x > y), upstream * (y > x))},
        asks="downstream",
        probes=[
            {"upstream": 2.0, "x": 3.0, "y": -4.0},
            {"upstream": -1.5, "x": -1.0, "y": 7.0},
        ],
        mistakes=[
            Mistake(
                "routed to the smaller",
                "if the gradient goes to the smaller input",
                "Nudge the smaller input: does the maximum notice?",
                {"downstream": lambda upstream, x, y: (upstream * (x < y), upstream * (y < x))},
            ),
            Mistake(
                "sent to both",
                "if both inputs get the gradient",
                "Only a nudge of the larger input changes the maximum.",
                {"downstream": lambda upstream: (upstream, upstream)},
            ),
            Mistake(
                "multiplied by the value",
                "if the winner's value is multiplied in",
                "Where x is larger, max(x, y) is just x, whose derivative by x is 1.",
                {"downstream": lambda upstream, x, y: (upstream * x * (x > y), upstream * y * (y > x))},
            ),
            Mistake(
                "upstream forgotten",
                "if the upstream gradient is not multiplied in",
                "What is sent on is upstream times local.",
                {"downstream": lambda x, y: (1.0 * (x > y), 1.0 * (y > x))},
            ),
            Mistake(
                "shared out",
                "if each input gets half of the gradient",
                "Only a nudge of the larger input changes the maximum: it gets all of it.",
                {"downstream": lambda upstream: (upstream / 2, upstream / 2)},
            ),
            Mistake(
                "swapped",
                "if each input gets the upstream gradient times the other input, as at a multiply node",
                "A maximum routes: the larger input gets all that arrives, the smaller gets 0.",
                {"downstream": lambda upstream, x, y: (upstream * y, upstream * x)},
            ),
        ],
        hints=[
            "Nudge the larger input a little, then the smaller. Which nudge does the maximum notice?",
            "The local derivative is 1 for the larger input and 0 for the smaller.",
            "`return upstream * (x > y), upstream * (y > x)`",
        ],
    ),
    Ordering(
        "02.check.order",
        "c = a + b, d = a · b, e = c + d, f = c · d, L = e + f. In which order may the seven nodes pass on what they"
        " have, so that nobody passes on too early? There are several right answers; one is enough.",
        WORKED,
        example=("L", "e", "f", "c", "d", "a", "b"),
        hints=[
            "For each node ask: who uses it? All of these must have had their turn before.",
            "The way back begins at L. The value c is used by e and by f; the value a is used by c and by d.",
            '`check("L e f c d a b")` is one. e and f may change places, and so may c and d, and a and b.',
        ],
    ),
    FunctionExercise(
        "02.check.repair",
        "p = a · b, q = p + c, L = p · q. Return dL/da, dL/db and dL/dc, without the three mistakes of the text.",
        steps={
            "p": lambda a, b: a * b,
            "q": lambda p, c: p + c,
            "dL_dq": lambda p: p,
            "dL_dp": lambda q, dL_dq: q + dL_dq,
            "dL_da": lambda dL_dp, b: dL_dp * b,
            "dL_db": lambda dL_dp, a: dL_dp * a,
            "gradients": lambda dL_da, dL_db, dL_dq: (dL_da, dL_db, dL_dq),
        },
        asks="gradients",
        probes=_PROBES,
        mistakes=[
            Mistake(
                "all three",
                "if nothing is repaired",
                "Find a share that is lost, a product that is not swapped, and a line that stands too early.",
                {"dL_da": lambda q, b: q * b, "dL_db": lambda dL_dq, b: dL_dq * b},
            ),
            Mistake(
                "share lost",
                "if the second share of dL/dp replaces the first",
                "p is used twice: `+=` adds the second share to the first.",
                {"dL_dp": lambda dL_dq: dL_dq},
            ),
            Mistake(
                "share lost, and too early",
                "if dL/da is computed before dL/dp is complete, and then a share is lost as well",
                "First both shares of dL/dp, added; then the lines that use it.",
                {"dL_da": lambda q, b: q * b, "dL_dp": lambda dL_dq: dL_dq},
            ),
            Mistake(
                "too early",
                "if dL/da is computed before dL/dp is complete",
                "A node passes on only when all its shares have arrived: move the line down.",
                {"dL_da": lambda q, b: q * b},
            ),
            Mistake(
                "both too early",
                "if dL/da and dL/db are computed while dL/dp is still q, its first share",
                "p is used twice: add the second share with `+=`, and only then compute what uses dL/dp.",
                {"dL_da": lambda q, b: q * b, "dL_db": lambda q, a: q * a},
            ),
            Mistake(
                "shares multiplied",
                "if the two shares of dL/dp are multiplied with each other",
                "Where shares meet they are added.",
                {"dL_dp": lambda q, dL_dq: q * dL_dq},
            ),
            Mistake(
                "both not swapped",
                "if dL/da is dL/dp times a, and dL/db is dL/dp times b",
                "p = a · b: what goes to one input is multiplied by the other.",
                {"dL_da": lambda dL_dp, a: dL_dp * a, "dL_db": lambda dL_dp, b: dL_dp * b},
            ),
            Mistake(
                "not swapped",
                "if dL/db is dL/dp times b",
                "p = a · b: what b gets is multiplied by the other input, a.",
                {"dL_db": lambda dL_dp, b: dL_dp * b},
            ),
            Mistake(
                "too early, and not swapped",
                "if dL/da is computed before dL/dp is complete, and dL/db is multiplied by b",
                "Move the line down, and swap: b gets the other input, a.",
                {"dL_da": lambda q, b: q * b, "dL_db": lambda dL_dp, b: dL_dp * b},
            ),
            Mistake(
                "share lost, and not swapped",
                "if the second share of dL/dp replaces the first, and dL/db is multiplied by b",
                "`+=` adds the second share; b gets the other input, a.",
                {"dL_dp": lambda dL_dq: dL_dq, "dL_db": lambda dL_dp, b: dL_dp * b},
            ),
        ],
        hints=[
            "Which value is used twice? Both its shares must be there, added, before anything is computed from it.",
            "p gets q from the last node and dL/dq from the add node. Only then come the lines for a and for b.",
            "`dL_dq = p`, `dL_dp = q + dL_dq`, then `return dL_dp * b, dL_dp * a, dL_dq`",
        ],
    ),
    FunctionExercise(
        "02.check.engine",
        "Your own class, tried on p = a · b, q = p + c, r = p · q, L = r + q: a function of a, b and c that returns the"
        " three gradients which your walk has left in a, b and c.",
        steps=_walks_back(lambda uses: gradients(uses, ORDER)),
        asks="gradients",
        probes=_PROBES,
        mistakes=[
            Mistake(
                "last path kept",
                "if what a path brings replaces what the paths before have brought",
                "Where paths meet, what they bring is added: `+=`.",
                _walks_back(lambda uses: last_path(uses, "L")),
            ),
            *(
                Mistake(
                    f"passes on at each call{', last input first' * last_first}",
                    "if each node, whenever it is called, passes on all that it holds",
                    "Part of that was passed on before: each node has one turn only, when all its shares are there.",
                    _walks_back(lambda uses, way=last_first: called(uses, "L", False, way)),  # type: ignore[misc]
                )
                for last_first in (False, True)
            ),
            *(
                Mistake(
                    f"passes on once, but too early{', last input first' * last_first}",
                    "if each node has its only turn when it is reached for the first time",
                    "Some shares arrive after that turn. Put the nodes into an order first, inputs before results.",
                    _walks_back(lambda uses, way=last_first: called(uses, "L", True, way)),  # type: ignore[misc]
                )
                for last_first in (False, True)
            ),
            Mistake(
                "overwritten",
                "if the last share replaces those before, as `=` in the place of `+=` does",
                "Where shares meet they are added: `+=`.",
                _walks_back(lambda uses: gradients(uses, ORDER, keep=last)),
            ),
            Mistake(
                "nothing passed on",
                "if the walk begins at the inputs, or the output's own gradient is never set to 1",
                "Set the gradient of L to 1, and go through the order from its end to its beginning.",
                _walks_back(lambda uses: dict.fromkeys("abc", 0.0)),
            ),
            Mistake(
                "inputs not swapped",
                "if × gives each input its own value back",
                "A multiply node swaps: each input gets the other's value.",
                _walks_back(lambda uses: gradients(uses, ORDER), _not_swapped),
            ),
            Mistake(
                "upstream forgotten in ×",
                "if × sends its inputs each other's value, and does not multiply by what has arrived",
                "What is sent on is upstream times local.",
                _walks_back(lambda uses: gradients(uses, ORDER, local_only=("r", "p"))),
            ),
            Mistake(
                "upstream forgotten in +",
                "if + sends its inputs 1, whatever has arrived",
                "Its local derivatives are 1, so it sends 1 times what has arrived: a copy.",
                _walks_back(lambda uses: gradients(uses, ORDER, local_only=("L", "q"))),
            ),
            Mistake(
                "upstream forgotten everywhere",
                "if every node sends only its local derivatives, and does not multiply by what has arrived",
                "What is sent on is upstream times local.",
                _walks_back(lambda uses: gradients(uses, ORDER, local_only=ORDER)),
            ),
            Mistake(
                "+ multiplies",
                "if + multiplies by the other input, as × does",
                "An add node copies what arrives to both inputs.",
                _walks_back(lambda uses: gradients(uses, ORDER), _sums_multiply),
            ),
            Mistake(
                "+ shares out",
                "if + divides what arrives between its two inputs",
                "A nudge of either input moves the sum by just as much: each gets the whole.",
                _walks_back(lambda uses: gradients(uses, ORDER), _sums_halve),
            ),
        ],
        hints=[
            (
                "Three parts: a class that holds a value, a gradient and its inputs; `__add__` and `__mul__`, each with"
                " its rule; a walk. Which of them can you test alone?"
            ),
            (
                "The walk needs an order: a function that first goes to the inputs of a node, then appends the node,"
                " unless it is there already. Set the gradient of L to 1 and go through that list from its end."
            ),
            (
                "The class `Node`, `multiply`, `order` and `backward` of the section `Write the engine yourself` are"
                " complete: put them into the cell, then `L.backward()` and `return a.grad, b.grad, c.grad`."
            ),
        ],
    ),
]

quizzes = {
    "02.gate": Quiz(
        [
            Question(
                "02.gate.1",
                "f = x · y with x = 3, y = −2, and the upstream gradient is 5. What does the multiply node send to x?",
                [
                    wrong("15", "This is 5 · 3, its own value. A multiply node swaps: x gets y's value."),
                    right("−10", "5 · (−2): upstream times the other input."),
                    wrong("−2", "The local derivative is right, the upstream gradient is missing."),
                ],
            ),
            Question(
                "02.gate.2",
                "b = a + a, then a third line uses b. Why must `a.grad` be filled with `+=`?",
                [
                    wrong(
                        "Because addition is the operation.",
                        "For a · a it is `+=` as well. The operation is not the reason.",
                    ),
                    right(
                        "Because a is used twice, and each use sends its share.",
                        "With `=` the second share would replace the first.",
                    ),
                    wrong(
                        "Because gradients from earlier calls must be kept.",
                        "That happens too, but here a single call goes wrong with `=`.",
                    ),
                ],
            ),
        ]
    ),
    "02.quiz": Quiz(
        [
            Question(
                "02.quiz.1",
                "What does an add node do with the gradient that arrives?",
                [
                    wrong(
                        "It shares it out evenly between its inputs.",
                        "A nudge of either input moves the sum by just as much: nothing is halved.",
                    ),
                    right("It copies it to each input.", "Both local derivatives are 1."),
                    wrong("It multiplies it by the other input.", "A multiply node does this."),
                ],
            ),
            Question(
                "02.quiz.2",
                "What does the forward pass keep for the way back?",
                [
                    right(
                        "The values that the local derivatives need.",
                        "A multiply node needs both its inputs, σ its output, an add node nothing.",
                    ),
                    wrong(
                        "Only the loss.",
                        "Without the values in between no local derivative could be computed.",
                    ),
                    wrong(
                        "Nothing: backward computes it all again.",
                        "It could, but then the whole forward pass is done twice. Keeping its values saves that.",
                    ),
                ],
            ),
            Question(
                "02.quiz.3",
                "x = x + x is done ten times in a row. How often does a walk that follows every path visit"
                " the first x?",
                [
                    wrong("10 times", "Each step has two paths to the one before, and paths multiply."),
                    wrong("20 times", "The two paths of each step do not add up over the steps; they multiply."),
                    right("1024 times", "2 for each step, 2¹⁰ together. A topological order visits it once."),
                ],
            ),
            Question(
                "02.quiz.4",
                "What is a topological order good for on the way back?",
                [
                    wrong("It makes the walk recursive.", "With the order found, the walk back is a plain loop."),
                    right(
                        "Each node passes on only when all its uses have sent their share.",
                        "So each node is done once, with its complete gradient.",
                    ),
                    wrong("It finds the shortest path to each input.", "All paths count, long or short."),
                ],
            ),
            Question(
                "02.quiz.5",
                "The loss's own gradient is the start of the way back. What is it?",
                [
                    wrong("0", "Then everything would be 0: each gradient is a multiple of it."),
                    wrong(
                        "the loss itself",
                        "What is asked is how the loss changes with the loss, not how large it is.",
                    ),
                    right("1", "If the loss grows by a little, the loss grows by just as much."),
                ],
            ),
        ]
    ),
}
