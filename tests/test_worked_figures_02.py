"""The figures of notebook 02: (x + y)·z, a value used twice, and the walks that go wrong, to the digits printed.

The walks are the notebook's own: their cells are run here, and tried on more graphs than the notebook shows.
"""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Graph, Tensor
from backprop_lib.gradcheck import check_gradients
from backprop_lib.lessons import exercise

NOTEBOOK = NOTEBOOKS / "02_computation_graphs.ipynb"

# Figures are texts: the digits written are the digits tested.
FIRST_GRAPH = {
    "q": "3", "f": "-12", "df_df": "1", "df_dq": "-4", "df_dz": "3", "df_dx": "-4", "df_dy": "-4",
}  # fmt: skip
TWICE_USED = {
    "c": "5", "d": "6", "e": "11", "f": "30", "L": "41",
    "dL_de": "1", "dL_df": "1", "dL_dc": "7", "dL_dd": "6", "dL_da": "25", "dL_db": "19",
}  # fmt: skip
# doublings: true gradient, that of the walk in a hurry, calls of every walk along paths, visits in order
DOUBLINGS = {1: ("2", "2", "3", "2"), 2: ("4", "8", "7", "3"), 10: ("1,024", "2.3e+12", "2,047", "11")}


def definitions(cell: nbformat.NotebookNode) -> str:
    """The source of a cell up to the first line that only tries out what is defined."""
    source = []
    for line in cell.source.splitlines():
        if line and not line.startswith((" ", "class ", "def ", "Node.")):
            break
        source.append(line)
    return "\n".join(source)


@pytest.fixture
def engine() -> SimpleNamespace:
    """The notebook's Node with its walks: multiply_only, walk, hurry, order, and Node.backward."""
    notebook = cells(NOTEBOOK)

    def run(*names: str) -> dict:
        space: dict = {}
        for name in names:
            exec(definitions(notebook[name]), space)
        return space

    return SimpleNamespace(**run("node", "multiply", "overwrite", "paths", "hurry", "order", "backward"))


def doubled(kind, times: int):
    first = x = kind(1)
    for _ in range(times):
        x = x + x
    return first, x


def shows(found: dict[str, float], expected: dict[str, str]) -> None:
    for name, figure in expected.items():
        assert f"{found[name]:.9g}" == figure, f"{name} is {found[name]:.9g}, printed {figure}"


def test_the_referee_is_strict():
    shows({"q": 3.0}, {"q": "3"})
    with pytest.raises(AssertionError, match=r"q is 3\.0000001, printed 3"):
        shows({"q": 3.0000001}, {"q": "3"})


# --- the first graph ---


def test_the_first_graph():
    x, y, z = Tensor(-2.0), Tensor(5.0), Tensor(-4.0)
    q = x + y
    f = q * z
    f.backward()
    found = {"q": q.item(), "f": f.item()}
    found |= {f"df_d{name}": t.grad.item() for name, t in zip("fqzxy", (f, q, z, x, y))}
    shows(found, FIRST_GRAPH)
    assert [edge.local.item() for edge in Graph(f).edges] == [1, 1, -4, 3]
    assert exercise("02.check.first-graph").truth("df_dz") == 3


def test_a_nudge_does_what_the_gradients_say():
    for at, gradient in enumerate((-4, -4, 3)):
        point = np.array([-2.0, 5.0, -4.0])
        point[at] += 0.01
        assert (point[0] + point[1]) * point[2] + 12 == pytest.approx(0.01 * gradient)


def test_the_graph_of_the_task_has_its_lowest_point_where_the_shares_cancel():
    task = exercise("02.check.shares")
    x = Tensor(float(task.truth("cancel_at")))
    f = (x + 2) * (x - 5)
    f.backward()
    assert x.grad == 0
    assert all(f.item() < (near + 2) * (near - 5) for near in (x.item() - 0.01, x.item() + 0.01))


# --- multiply along, add across ---


def test_a_value_used_twice_gets_two_shares(engine):
    a, kept, added = Tensor(3.0), engine.Node(3), engine.Node(3)
    (a + a).backward()
    engine.multiply_only(kept + kept)
    engine.walk(added + added)
    assert (a.grad.item(), kept.grad, added.grad) == (2, 1, 2)
    assert check_gradients(lambda: a + a, [a]).ok


def test_the_repair_is_one_character():
    source = cells(NOTEBOOK)["repair"].source
    assert source.count("node.grad = upstream") == 1
    space: dict = {"Node": None}
    exec(definitions(cells(NOTEBOOK)["node"]), space)
    exec(source.replace("node.grad = upstream", "node.grad += upstream"), space)
    assert space["a"].grad == 2


def test_overwriting_is_right_as_long_as_each_value_is_used_once(engine):
    x, y, z = engine.Node(-2), engine.Node(5), engine.Node(-4)
    engine.multiply_only((x + y) * z)
    assert (x.grad, y.grad, z.grad) == (-4, -4, 3)


# --- every path, too early, in order ---


def test_the_graph_in_which_everything_is_used_twice():
    a, b = Tensor(2.0), Tensor(3.0)
    c, d = a + b, a * b
    e, f = c + d, c * d
    L = e + f
    L.backward()
    values = {name: t.item() for name, t in zip("cdefL", (c, d, e, f, L))}
    shows(values | {f"dL_d{name}": t.grad.item() for name, t in zip("abcdef", (a, b, c, d, e, f))}, TWICE_USED)
    assert check_gradients(lambda: (a + b + a * b) + (a + b) * (a * b), [a, b]).ok


@pytest.mark.parametrize(
    ("walk", "gradients"),
    [("multiply_only", (15, 10)), ("walk", (25, 19)), ("hurry", (29, 22)), ("backward", (25, 19))],
)
def test_the_walks_on_that_graph(engine, walk, gradients):
    a, b = engine.Node(2), engine.Node(3)
    L = engine.graph(a, b)
    L.grad = 1 if walk == "hurry" else 0
    (L.backward if walk == "backward" else lambda: vars(engine)[walk](L))()
    assert (a.grad, b.grad) == gradients


@pytest.mark.parametrize(("times", "figures"), DOUBLINGS.items())
def test_doublings(engine, times, figures):
    true, hurried, calls, visits = figures
    first, x = doubled(engine.Node, times)
    assert f"{engine.walk(x):,}" == calls and f"{first.grad:,}" == true
    first, x = doubled(engine.Node, times)
    x.grad = 1
    assert f"{engine.hurry(x):,}" == calls and f"{first.grad:.2g}" == hurried
    first, x = doubled(engine.Node, times)
    x.backward()
    assert f"{first.grad:,}" == true and f"{len(engine.order(x, []))}" == visits
    first, x = doubled(lambda value: Tensor(float(value)), times)
    x.backward()
    assert f"{int(first.grad):,}" == true and f"{len(Graph(x).nodes)}" == visits


def test_calls_double_and_visits_grow_by_one(engine):
    for times in range(1, 15):
        _, x = doubled(engine.Node, times)
        assert engine.walk(x) == 2 ** (times + 1) - 1 and len(engine.order(x, [])) == times + 1
    assert f"{2**31 - 1:,}" == "2,147,483,647"  # more than two thousand million, after 30 doublings


def test_the_engine_has_about_thirty_lines():
    lines = [definitions(cells(NOTEBOOK)[cell]).strip() for cell in ("node", "multiply", "order", "backward")]
    assert 20 <= sum(len([line for line in text.splitlines() if line]) for text in lines) < 30


def test_the_engine_agrees_with_the_package_on_other_graphs(engine):
    rng = np.random.default_rng(2)
    for _ in range(40):
        values = rng.uniform(-2, 2, 3)
        pools = [[kind(float(value)) for value in values] for kind in (engine.Node, Tensor)]
        for _ in range(12):
            i, j, product = rng.integers(len(pools[0])), rng.integers(len(pools[0])), rng.random() < 0.5
            for pool in pools:
                pool.append(pool[i] * pool[j] if product else pool[i] + pool[j])
        for pool in pools:
            pool[-1].backward()
        for ours, theirs in zip(*(pool[:3] for pool in pools)):
            assert ours.grad == pytest.approx(0 if theirs.grad is None else theirs.grad.item(), rel=1e-12)


# --- what the notebook shows ---


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("apart", ["q = 3, f = -12"]),
        ("way-back", ["df/dq = -4, df/dz = 3, df/dx = -4, df/dy = -4"]),
        ("formula", ["c = 5, d = 6, e = 11, f = 30, L = 41", "dL/dc = 7, dL/dd = 6, dL/da = 25, dL/db = 19"]),
        ("overwrite", ["-4 at x, -4 at y, 3 at z"]),
        ("overwrite-fail", ["the walk says 1, measured 2.0000"]),
        ("repair", ["the walk, as it stands now: 1"]),
        ("paths-run", ["a + a: 2", "25 at a (measured 25.0000), 19 at b, 15 calls for 7 nodes"]),
        ("calls", ["gradient 1,024, 2,047 calls for 11 nodes"]),
        ("hurry", ["29 at a, 22 at b"]),
        ("hurry-chain", ["true     4, this walk       8", "true 1,024, this walk 2.3e+12, 2,047 calls"]),
        ("backward-run", ["25 at a, 19 at b", "1,024 in 11 visits"]),
        ("chart", ["With 14 doublings every path takes 32,767 calls, the order 15 visits."]),
        ("agree", ["Node    -4, -4, 3 and 25, 19", "Tensor  -4, -4, 3 and 25, 19"]),
    ],
)
def test_the_notebook_shows_the_figures(cell, lines):
    shown = printed(cells(NOTEBOOK)[cell])
    assert not [line for line in lines if line not in shown], shown


# --- the exercises of its own kind ---


USES = ["Le", "Lf", "fc", "fd", "ec", "ed", "da", "db", "ca", "cb"]


def test_every_order_is_judged_as_its_definition_says(task):
    right = [names for names in permutations("Lefcdab") if all(names.index(user) < names.index(v) for user, v in USES)]
    assert len(right) == 8
    order = task("02.check.order")
    for names in right:
        feedback = order.check(" ".join(names))
        assert feedback.correct is True and "one of 8 right orders" in feedback.text
    for names in list(permutations("Lefcdab"))[1::50]:
        assert order.check(list(names)).correct is (names in right)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("L e c f d a b", "When c has its turn, 1 of its 7 has arrived: f has not sent a share yet"),
        ("L f e c a d b", "When a has its turn, 7 of its 25 has arrived: d has not sent a share yet"),
        ("a b c d e f L", "When a has its turn, 0 of its 25 has arrived: c and d have not sent a share yet"),
        ("f L e c d a b", "When f has its turn, 0 of its 1 has arrived: L has not"),
        ("L e f", "c is missing"),
        ("L e f c d a b a", "a stands there more than once"),
        ("L e f c d a x", "there is no 'x'"),
        ("Lecfdab", "When c has its turn, 1 of its 7 has arrived"),
        ("Lefcdax", "there is no 'Lefcdax'"),
        ("", "L is missing"),
        (7, "expected are names in quotes"),
        ([1, 2], "expected are names in quotes"),
    ],
)
def test_an_order_that_is_not_right_is_told_why(task, answer, says):
    feedback = task("02.check.order").check(answer)
    assert feedback.correct is False and says in feedback.text


def test_an_order_may_be_written_with_commas_or_arrows(task):
    for answer in (
        "Lefcdab",
        "L, e, f, c, d, a, b",
        "L → f → e → d → c → b → a",
        "L->e->f->c->d->a->b",
        tuple("Lefcdab"),
    ):
        assert task("02.check.order").check(answer).correct is True


@pytest.mark.parametrize(
    ("walk", "mistake"),
    [("multiply_only", "last path kept"), ("walk", None), ("hurry", "passes on at each call"), ("backward", None)],
)
def test_the_walks_of_the_notebook_are_recognised_in_the_engine_exercise(engine, task, walk, mistake):
    def my_gradients(*values):
        a, b, c = (engine.Node(value) for value in values)
        p = a * b
        q = p + c
        L = p * q + q
        L.grad = 1 if walk == "hurry" else 0
        (L.backward if walk == "backward" else lambda: vars(engine)[walk](L))()
        return a.grad, b.grad, c.grad

    feedback = task("02.check.engine").check(my_gradients)
    assert feedback.correct is (mistake is None), feedback.text
    assert mistake is None or mistake in feedback.mistakes


def test_the_lines_to_be_repaired_are_wrong_and_known(task):
    listing = cells(NOTEBOOK)["check-repair-text"].source.partition("```python\n")[2].partition("```")[0]

    def as_printed(a, b, c):
        names = {"a": a, "b": b, "c": c}
        exec(listing, names)
        return names["dL_da"], names["dL_db"], names["dL_dq"]

    repair = task("02.check.repair")
    assert repair.check(as_printed).mistakes == ("all three",)

    def repaired(*values):
        a, b, c = (Tensor(value) for value in values)
        p = a * b
        (p * (p + c)).backward()
        return a.grad, b.grad, c.grad

    assert repair.check(repaired).correct is True


@pytest.mark.parametrize(
    ("key", "answers", "mistake"),
    [
        ("02.check.first-graph", {"df_dx": -2}, "add node shares out"),
        ("02.check.first-graph", {"df_dy": -2}, "add node shares out"),
        ("02.check.first-graph", {"f": -22}, "brackets forgotten"),
        ("02.check.fork", {"df_da": -2}, "value of a added"),
        ("02.check.fork", {"df_da": 1}, "share through p lost"),
        ("02.check.fork", {"df_da": -5}, "share straight from the sum lost"),
        ("02.check.shares", {"through_plus": 1}, "local slope only"),
        ("02.check.shares", {"through_minus": 1}, "local slope only"),
    ],
)
def test_a_likely_wrong_number_is_named(task, key, answers, mistake):
    feedback = task(key).check(**answers)
    assert feedback.correct is False and mistake in feedback.mistakes, feedback.text
    assert "directly" not in feedback.text


@pytest.mark.parametrize(
    ("key", "function", "mistake"),
    [
        ("02.check.max-backward", lambda u, x, y: (1 * (x > y), 1 * (y > x)), "upstream forgotten"),
        ("02.check.max-backward", lambda u, x, y: (u / 2, u / 2), "shared out"),
        ("02.check.max-backward", lambda u, x, y: (u * y, u * x), "swapped"),
        ("02.check.repair", lambda a, b, c: ((a * b + c) * b, (a * b + c) * a, a * b), "both too early"),
        ("02.check.repair", lambda a, b, c: ((2 * a * b + c) * a, (2 * a * b + c) * b, a * b), "both not swapped"),
        ("02.check.repair", lambda a, b, c: ((a * b + c) * a * b * b, (a * b + c) * a * b * a, a * b),
         "shares multiplied"),
    ],
)  # fmt: skip
def test_a_likely_wrong_function_is_named(task, key, function, mistake):
    feedback = task(key).check(function)
    assert feedback.correct is False and mistake in feedback.mistakes, feedback.text


@pytest.mark.parametrize(
    ("operation", "rule", "mistake"),
    [
        ("*", lambda upstream, x, y: (y, x), "upstream forgotten in ×"),
        ("*", lambda upstream, x, y: (upstream * x, upstream * y), "inputs not swapped"),
        ("+", lambda upstream, x, y: (1, 1), "upstream forgotten in +"),
        ("+", lambda upstream, x, y: (upstream * y, upstream * x), "+ multiplies"),
        ("+", lambda upstream, x, y: (upstream / 2, upstream / 2), "+ shares out"),
        ("+", lambda upstream, x, y: (upstream, upstream), None),
    ],
)
def test_a_wrong_rule_in_the_engine_is_named(engine, task, operation, rule, mistake):
    Node = engine.Node

    def times(self, other):
        send = (lambda u: rule(u, self.value, other.value)) if operation == "*" else None
        return Node(
            self.value * other.value,
            (self, other),
            send or (lambda upstream: (upstream * other.value, upstream * self.value)),
        )

    def plus(self, other):
        send = (lambda u: rule(u, self.value, other.value)) if operation == "+" else None
        return Node(self.value + other.value, (self, other), send or (lambda upstream: (upstream, upstream)))

    Node.__add__, Node.__mul__ = plus, times

    def my_gradients(*values):
        a, b, c = map(Node, values)
        p = a * b
        q = p + c
        (p * q + q).backward()
        return a.grad, b.grad, c.grad

    feedback = task("02.check.engine").check(my_gradients)
    assert feedback.correct is (mistake is None), feedback.text
    assert feedback.mistakes == ((mistake,) if mistake else ()), feedback.text
