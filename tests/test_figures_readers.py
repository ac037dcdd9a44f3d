"""Picture, table, derivation and PyTorch code are made from one reading, and say the same at every step."""

import contextlib
import io
import re
import time

import numpy as np
import pytest
from engine.cases import all_cases
from test_figures_graph import (
    GRAPHS,
    awkward_names,
    large_arrays,
    layers,
    leaf,
    named,
    one_neuron,
    three_terms,
    two_neurons_in_a_row,
    two_paths,
)

import backprop_lib
from backprop_lib import Graph, Tensor, concatenate, exp, log, logsumexp, operations, relu, sigmoid, softplus, where
from backprop_lib import functional as F
from backprop_lib.figures import Reading, graph_latex, graph_svg, graph_table, graph_torch_code
from backprop_lib.figures.graph_torch import torch_names
from backprop_lib.figures.notation import NOTATION
from backprop_lib.figures.reading import clean_text, latex_name, latex_number, number, printed

SCALAR = [one_neuron, three_terms, two_paths, two_neurons_in_a_row]


# --- numbers and names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "plain", "shown", "latex"),
    [
        (7.0, "7", "7", "7"),
        (-0.135453, "-0.135453", "−0.135453", "-0.135453"),
        (0.000123394575, "0.000123395", "0.000123395", "0.000123395"),
        (7.6131e-9, "7.6131e-09", "7.6131e−9", r"7.6131 \times 10^{-9}"),
        (-2.5e20, "-2.5e+20", "−2.5e20", r"-2.5 \times 10^{20}"),
        (-0.0, "0", "0", "0"),
        (float("inf"), "inf", "∞", r"\infty"),
        (float("-inf"), "-inf", "−∞", r"-\infty"),
        (float("nan"), "nan", "nan", r"\text{nan}"),
    ],
)
def test_a_number_is_written_once(value, plain, shown, latex):
    assert number(value) == plain
    assert printed(plain) == shown
    assert latex_number(plain)[0] == latex


def test_names():
    """Given names stay; unnamed nodes get their formula if it is short, else a letter; constants their value."""
    w, x = leaf(3.0, "w"), leaf(2.0, "x")
    z = w * x
    a = relu(z + 1 - 2 * z)
    names = Reading(a * Tensor(1.0) * Tensor(np.ones(3), requires_grad=False)).names
    assert names == ["w", "x", "w·x", "1", "w·x + 1", "2", "2·(w·x)", "v1", "v2", "t1", "v2·t1", "c1", "f"]


def test_names_are_unique_and_the_same_every_time():
    x = leaf(1.0, "x")
    same = named(named(x * leaf(2.0, "x"), "x") + leaf(3.0, "v1") * x, "x (2)")
    reading = Reading(same)
    assert len(set(reading.names)) == len(reading.names)
    assert reading.names == Reading(same).names
    assert reading.names[0] == "x" and "v1" in reading.names and "x (2)" in reading.names


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("w", "w"),
        ("w1", "w_{1}"),
        ("w_12", "w_{12}"),
        ("η", r"\eta"),
        ("alpha2", r"\alpha_{2}"),
        ("ŷ", r"\hat{y}"),
        ("yhat", r"\hat{y}"),
        ("Theta", r"\Theta"),
        ("Σ", r"\Sigma"),
        ("Alpha", r"{\text{Alpha}}"),
        ("THETA", r"{\text{THETA}}"),
        ("loss", r"{\text{loss}}"),
        ("a_b", r"{\text{a}\_\text{b}}"),
        ("$x^2", r"{\$\text{x}\wedge \text{2}}"),
        ("<b>", r"{\lt \text{b}\gt }"),
        ("\\input", r"{\backslash \text{input}}"),
    ],
)
def test_a_name_in_latex(name, latex):
    assert latex_name(name) == latex


@pytest.mark.parametrize("names", [("theta", "Theta"), ("w1", "w_1"), ("ŷ", "yhat", "y_hat"), ("η", "eta")])
def test_no_two_names_look_the_same_in_latex(names):
    reading = Reading(sum((leaf(float(k), name) for k, name in enumerate(names)), start=leaf(1.0, "c")))
    assert len(set(reading.latex)) == len(reading.latex)
    assert_well_formed(graph_latex(reading))


def test_text_from_learners_is_cleaned():
    assert clean_text("a\nb\t c") == "a b c"
    assert clean_text("\x00\ud800\u202ex") == "\ufffd\ufffdx"
    assert clean_text("x" * 30, 18) == "x" * 17 + "…"


# --- the readers agree ----------------------------------------------------------------------------


def table_rows(table):
    """Name -> cells, from the plain text, by the columns that the line below the heads marks."""
    _, rule, *lines = table.text.splitlines()
    starts = [m.start() for m in re.finditer(r"─+", rule)]
    ends = [*starts[1:], None]
    return [[line[a:b].strip() for a, b in zip(starts, ends)] for line in lines]


def from_latex(written):
    return written.replace(r" \times 10^{", "e").rstrip("}").replace("-", "−")


@pytest.mark.parametrize("graph", SCALAR)
def test_all_readers_show_every_number(graph):
    reading = Reading(graph())
    state = reading.state()
    svg, table, latex, code = (make(reading) for make in (graph_svg, graph_table, graph_latex, graph_torch_code))
    rows, names = table_rows(table), torch_names(reading)
    lines = dict(line.split(" &= ") for line in latex.removesuffix("\n\\end{aligned}").split(" \\\\[4pt]\n"))
    lines = {left.removeprefix("\\begin{aligned}\n"): right for left, right in lines.items()}
    for k in range(len(reading.nodes)):
        value = reading.text(state.values[k])
        assert rows[k][0] == reading.names[k] and rows[k][2] == value
        if k not in names:
            continue
        assert from_latex(lines[reading.latex[k]].split(" = ")[-1]) == value
        assert re.search(rf"^{names[k]} = .*  # (.*: )?{re.escape(value)}$", code, re.M)
        assert f"{reading.names[k]} = {value}" in svg
        gradient = reading.text(state.totals[k])
        assert rows[k][4] == gradient
        assert f"{reading.gradient_name(k)} = {gradient}" in svg
        assert re.search(rf'^print\("d\w+/d{names[k]} =", {names[k]}\.grad\)  # {re.escape(gradient)}$', code, re.M)
        left = [name for name in lines if name.endswith(rf"\partial {reading.latex[k]}}}")]
        left += [name for name in lines if name.endswith(rf"\partial \left({reading.latex[k]}\right)}}")]
        assert [from_latex(lines[name].split(" = ")[-1]) for name in left] == [gradient]


@pytest.mark.parametrize("graph", SCALAR)
def test_all_readers_step_together(graph):
    """What one of them shows at a step all of them show, and the same node is in focus."""
    reading = Reading(graph())
    final = reading.state()
    for step in range(len(reading.steps)):
        state = reading.state(step)
        svg, table, latex = graph_svg(reading, step), graph_table(reading, step), graph_latex(reading, step)
        marked = [line for line in table.text.splitlines() if line.startswith("▶ ")]
        assert len(marked) == 1 and marked[0].split("  ")[0] == f"▶ {reading.names[state.node]}"
        assert table.html.count('aria-current="step"') == 1
        assert reading.sentence(step) in svg.replace("&#x27;", "'")
        assert latex.count("\n\\Rightarrow\\;") == (not reading.constant[state.node])
        rows = table_rows(table)
        for k in range(len(reading.nodes)):
            assert bool(rows[k][2]) == (k in state.values)
            assert bool(rows[k][4]) == (k in state.totals)
            if k in final.totals:
                assert (f"{reading.gradient_name(k)} = {reading.text(final.totals[k])}" in svg) == (
                    k in state.totals and np.array_equal(state.totals[k], final.totals[k])
                )
        assert latex.count("&=") == len([k for k in state.values if not reading.constant[k]]) + len(state.totals)


def test_the_table_keeps_its_room_from_step_to_step():
    reading = Reading(two_neurons_in_a_row())
    widths = {tuple(map(len, graph_table(reading, k).text.splitlines()[:2])) for k in range(len(reading.steps))}
    assert len(widths) == 1
    early, late = (graph_table(reading, k).html for k in (0, len(reading.steps) - 1))
    assert early.count("visibility:hidden") > late.count("visibility:hidden")


def test_a_sentence_for_each_step_of_the_worked_neuron():
    reading = Reading(one_neuron())
    assert reading.sentence(5) == "Forward: z = w·x + b = 6 + 1 = 7."
    assert reading.sentence(10) == "Backward: start at the output with ∂L/∂L = 1."
    assert reading.sentence(17) == "Backward: ∂L/∂w = ∂L/∂(w·x) × ∂(w·x)/∂w = 6 × 2 = 12."
    assert reading.sentence() == "L = 9; ∂L/∂w = 12, ∂L/∂x = 18, ∂L/∂b = 6, ∂L/∂y = −6."


def test_two_paths_are_added_up():
    reading = Reading(two_paths())
    first, second = (reading.sentence(k) for k in range(len(reading.steps) - 2, len(reading.steps)))
    assert first == "Backward: ∂f/∂x gets a first share, ∂f/∂v × ∂v/∂x = 1 × 6 = 6."
    assert second == "Backward: ∂f/∂x gets another share, ∂f/∂u × ∂u/∂x = 1 × 2 = 2; added up: 8."
    last = graph_latex(reading).splitlines()[-2]
    assert last.endswith(r"= 1 \cdot 6 + 1 \cdot 2 = 8")


def test_x_times_x_has_two_local_derivatives_and_one_gradient():
    x = leaf(3.0, "x")
    reading = Reading(x * x)
    assert reading.sentence(3) == "Backward: ∂f/∂x gets a first share, ∂f/∂f × ∂f/∂(1st x) = 1 × 3 = 3."
    assert reading.sentence(4) == "Backward: ∂f/∂x gets another share, ∂f/∂f × ∂f/∂(2nd x) = 1 × 3 = 3; added up: 6."
    assert table_rows(graph_table(reading))[1][3:] == ["∂f/∂(1st x): 3; ∂f/∂(2nd x): 3", "1"]
    gradient, first, second = (
        rf"\frac{{\partial f}}{{\partial {x}}}"
        for x in ("x", r"\left(\text{1st }x\right)", r"\left(\text{2nd }x\right)")
    )
    start = r"\frac{\partial f}{\partial f} \cdot "
    line = graph_latex(reading).splitlines()[-2]
    assert line.startswith(rf"{gradient} &= {start}{first} + {start}{second} = ") and line.endswith("= 6")


def test_a_node_used_directly_and_on_a_detour():
    x = leaf(2.0, "x")
    reading = Reading(x + sigmoid(x) * 3)
    assert "∂f/∂x gets a first share, ∂f/∂f × ∂f/∂(x alone) = 1 × 1 = 1." in reading.sentence(6)
    assert table_rows(graph_table(reading))[4][3] == "∂f/∂(x alone): 1; ∂f/∂(σ(x)·3): 1"
    assert r"\frac{\partial f}{\partial \left(x\text{ alone}\right)} + " in graph_latex(reading)
    q = named(x + sigmoid(x) * 3, "q")  # on the way to something else it is no other
    assert "∂q/∂(x alone): 1; ∂q/∂(σ(x)·3): 1" in graph_table(q * 2).text
    assert "∂q/∂x: 1; ∂q/∂v1: 1" in graph_table(named(x + sigmoid(leaf(1.0, "u") * x.data) * 3, "q") * 2).text


@pytest.mark.parametrize("graph", [*GRAPHS, lambda: leaf(3.0, "x") * 2])
def test_no_local_derivative_has_the_name_of_another_number(graph):
    """A local derivative by its name: one value for each name, and if it is named like a gradient, that gradient."""
    reading = Reading(graph())
    gradients = {reading.gradient_name(k): total for k, total in reading.state().totals.items()}
    named_so = {}
    for link, (source, _, _) in enumerate(reading.links):
        name = reading.local_name(link)
        assert named_so.setdefault(name, link) == link
        if name in gradients and source in reading.state().totals:
            assert np.allclose(gradients[name], reading.local(link).reshape(gradients[name].shape))


@pytest.mark.parametrize("seed", range(20))
def test_a_local_derivative_without_a_mark_is_the_derivative_over_all_paths(seed):
    """On random graphs, against the engine: with the mark left out it is the gradient of the operation's result."""
    rng = np.random.default_rng(seed)
    nodes = [leaf(value, f"x{k}") for k, value in enumerate(rng.uniform(0.5, 1.5, 2))]
    for _ in range(10):
        a, b = (nodes[k] for k in rng.integers(0, len(nodes), 2))
        made = (a + b, a * b, sigmoid(a), a + sigmoid(b))
        nodes.append(made[rng.integers(4)])
    reading = Reading(sum(nodes[-3:], start=nodes[0] * nodes[0]))
    marked = 0
    for link, (source, target, _) in enumerate(reading.links):
        if not reading.nodes[source].requires_grad:
            continue
        graph = Graph(reading.nodes[target])
        graph.zero_grad()
        graph.backward()
        whole = float(reading.nodes[source].grad)
        if reading.which_use(link) == ("", ""):
            assert whole == pytest.approx(float(reading.local(link)))
        else:
            marked += 1
            assert whole != pytest.approx(float(reading.local(link)), rel=1e-9)
    assert 0 < marked < len(reading.links)


def test_where_there_is_one_path_nothing_is_added():
    for graph in (one_neuron, three_terms, two_neurons_in_a_row, two_paths):
        for written in (graph_table(graph()).text, graph_latex(graph())):
            assert "alone" not in written and "1st" not in written
    x = leaf(2.0, "x")
    through_a_comparison = where(x > 0, x, 0.0)  # no gradient passes along the condition
    assert "∂f/∂x: 1" in graph_table(through_a_comparison).text


@pytest.mark.parametrize(
    ("count", "ordinal"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (22, "22nd")]
)
def test_which_of_many_uses(count, ordinal):
    x = leaf([1.0], "x")
    assert Reading(concatenate([x] * 23).sum()).which_use(count - 1) == (f"{ordinal} ", "")


def test_long_chains_of_detours_are_read_in_time():
    x = leaf(0.5, "x")
    for _ in range(400):
        x = x + sigmoid(x)
    started = time.perf_counter()
    assert str(graph_table(x)).count(" alone)") == 400
    assert time.perf_counter() - started < 5


def test_a_gradient_that_is_not_complete_is_not_shown_as_one():
    """After the first share every reader says that more is to come."""
    x = leaf(3.0, "x")
    reading = Reading(x * x)
    early, late = 3, 4
    assert table_rows(graph_table(reading, early))[0][-1] == "3 + …"
    assert table_rows(graph_table(reading, late))[0][-1] == "6"
    assert graph_latex(reading, early).splitlines()[-2].endswith(r"= 1 \cdot 3 + \cdots = 3 + \cdots")
    assert r"\cdots" not in graph_latex(reading, late)
    assert "∂f/∂x = 3 + …" in graph_svg(reading, early) and "…" not in graph_svg(reading)
    assert "x.grad)  # 3 + …  ◀ this step\n" in graph_torch_code(reading, early)
    w = leaf([1.0, 2.0], "w")
    squares = Reading((w * w).sum())
    assert "∂f/∂w so far" in graph_svg(squares, len(squares.steps) - 2)
    assert "so far" not in graph_svg(squares, len(squares.steps) - 1)


def test_the_second_worked_example_to_its_digits():
    """Two sigmoid neurons in a row, with a half in the loss (worked example C)."""
    reading = Reading(two_neurons_in_a_row())
    state = reading.state()
    got = {name: f"{state.totals[k]:.6f}" for k, name in enumerate(reading.names) if k in state.totals}
    wanted = {"ŷ": -0.546549, "z2": -0.135453, "w2": -0.084314, "h": 0.040636, "z1": 0.009550, "w1": 0.009550}
    assert {name: got[name] for name in wanted} == {name: f"{value:.6f}" for name, value in wanted.items()}


def test_a_matrix_product_is_written_as_matrices():
    latex = graph_latex(layers())
    assert r"W_{1}\,x &= \begin{bmatrix} 0.2 & 0.3 \\ 0.4 & -0.2 \\ -0.3 & 0.2 \end{bmatrix}\," in latex
    assert r"\,{x}^{\top} = \begin{bmatrix} -0.0443986 & -0.0221993" in latex
    assert "· xᵀ" in graph_table(layers()).text


def test_what_a_sum_takes_in_is_seen():
    x, y, c = leaf([1.0, 2.0], "x"), leaf([3.0, 4.0], "y"), leaf(5.0, "c")
    for output, written in [
        ((x + y).sum(), r"\sum \left(x + y\right)"),
        (x.sum() ** 2, r"{\left(\sum x\right)}^{2}"),
        (x.sum() * c, r"\left(\sum x\right) \cdot c"),
        ((x * c).sum(), r"\sum \left(x \cdot c\right)"),
        ((x**2).sum(), r"\sum {x}^{2}"),
        ((x * c).mean(), r"\frac{1}{n} \sum \left(x \cdot c\right)"),
        ((x - y).max(), r"\max \left(x - y\right)"),
        ((x - y).min(), r"\min \left(x - y\right)"),
        ((x + y).prod(), r"\prod \left(x + y\right)"),
        (logsumexp(x), r"\ln \sum e^{x}"),
        ((x + y).var(), r"\operatorname{var}\left(x + y\right)"),
        (x.var() * c, r"\operatorname{var}\left(x\right) \cdot c"),
        (exp(c) ** 2, r"{\left(e^{c}\right)}^{2}"),
        ((leaf([[1.0, 2.0]], "W").T ** 2).sum(), r"\sum {\left({W}^{\top}\right)}^{2}"),
        (exp(c) * c, r"e^{c} \cdot c"),
    ]:
        assert f"f &= {written} = " in graph_latex(output)
    assert r"\frac{\partial f}{\partial \left(\sum x\right)} &= " in graph_latex(x.sum() * c)


def test_a_minus_after_a_plus_or_a_power_of_ten_gets_parentheses():
    x = leaf(1e-9, "x")
    assert Reading(x**2).sentence(2) == "Forward: f = x² = (1e−9)² = 1e−18."
    assert Reading(2**x).sentence(2) == "Forward: f = 2^x = 2^(1e−9) = 1."
    a, b = leaf(2.0, "a"), leaf(-3.0, "b")
    products = graph_latex((b - a * 4) + a * b)
    assert r"1 \cdot \left(-3\right) + \left(-1\right) \cdot 4 = -7" in products
    assert r"1 \cdot 2 + \left(-5\right) = -3" in graph_latex(a.sum() * -5 + a * 2)
    for written in (products, *(graph_latex(graph()) for graph in GRAPHS)):
        assert not re.search(r"\+ -", written)


def test_no_bracket_stands_in_a_bracket():
    x = leaf([1.0, 2.0], "x")
    for function in (abs, sigmoid, relu, log, softplus, np.sin):
        latex = graph_latex(function(x + x).sum())
        assert r"\left(\left(" not in latex and r"\frac{1}{\left(" not in latex
    assert r"\operatorname{sign}\left(x + x\right)" in graph_latex(abs(x + x).sum())


def test_a_tie_of_the_largest_is_told():
    for output in (leaf([2.0, 2.0, 1.0], "x").max(), leaf([2.0, 2.0, 3.0], "x").min()):
        assert "entry (shared at a tie), else " in graph_latex(output)


def test_dots_in_an_index_are_dots():
    x = leaf([[1.0, 2.0]], "x")
    assert r"_{[\text{…, 0}]}" in graph_latex(x[..., 0].sum())


def test_large_arrays_are_given_by_shape_and_range():
    reading = Reading(large_arrays())
    assert reading.text(reading.state().values[0]) == "shape (32, 20), −3.89942 to 3.06604"
    assert r"\in \mathbb{R}^{32 \times 20}" in graph_latex(reading)
    assert len(graph_latex(reading)) < 2000


def test_the_table_shows_any_name_as_text():
    html = graph_table(awkward_names()).html
    assert "<script" not in html and "&lt;script&gt;" in html


def test_reading_again_after_a_replay():
    loss = one_neuron()
    graph = Graph(loss)
    reading = Reading(graph)
    next(n for n in graph.nodes if n.name == "w").data = 1.0
    graph.forward()
    reading.refresh()
    assert reading.sentence() == "L = 1; ∂L/∂w = −4, ∂L/∂x = −2, ∂L/∂b = −2, ∂L/∂y = 2."


def test_an_output_with_many_entries_is_read_forward_only_unless_a_gradient_is_given():
    z = leaf([1.0, 2.0], "z") * 2
    assert len(Reading(z).steps) == 3
    assert Reading(z, gradient=[1.0, 1.0]).sentence() == "f = [2, 4]; ∂f/∂z = [2, 2]."


def test_values_that_do_not_fit_together_are_refused_without_a_backward_pass_too():
    W = leaf([[1.0, 2.0], [3.0, 4.0]], "W")
    y = W @ np.ones(2)
    W.data = [[9.0, 9.0], [9.0, 9.0]]
    for output in (y, y.sum()):
        with pytest.raises(ValueError, match="'W' was changed after the forward pass"):
            graph_table(output)


@pytest.mark.parametrize("make", [graph_svg, graph_table, graph_latex, graph_torch_code])
@pytest.mark.parametrize("given", [{"digits": 10}, {"gradient": 1.0}])
def test_what_a_reading_has_already_is_refused(make, given):
    with pytest.raises(ValueError, match=r"A Reading has its digits \(3\) and its gradient already"):
        make(Reading(one_neuron(), 3), **given)
    assert str(make(one_neuron(), **given))


@pytest.mark.parametrize("digits", [0, 18, 2.5, "six", True])
def test_digits_are_a_sensible_number(digits):
    with pytest.raises(ValueError, match="1 to 17"):
        Reading(one_neuron(), digits=digits)


# --- every operation ------------------------------------------------------------------------------


def test_every_operation_has_a_row():
    """Only scatter, which occurs in the graph of a gradient alone, is written as a plain function."""
    assert set(operations.TABLE) - set(NOTATION) == {"scatter"}
    assert set(NOTATION) - set(operations.TABLE) == {"concatenate"}
    for name, row in NOTATION.items():
        operation = operations.concatenate(1) if name == "concatenate" else operations.TABLE[name]
        assert len(row.derivatives) == len(operation.derivatives), name


KNOWN_COMMANDS = set(
    r"\begin \end \cdot \frac \tfrac \partial \left \right \odot \sum \text \top \operatorname \phantom \Rightarrow "
    r"\sigma "
    r"\cdots \Theta \theta \eta "
    r"\hat \times \mathbb \in \ldots \lt \gt \le \ge \ne \ln \sin \cos \tanh \sqrt \max \min \prod \overline \infty \_ "
    r"\{ \} \& \# \% \$ \backslash \wedge \sim \; \, \\".split()
)


def assert_well_formed(latex):
    """Braces, brackets and environments are paired, and every command is one that MathJax knows."""
    depth = 0
    for token in re.findall(r"\\[a-zA-Z]+|\\.|[{}]", latex):
        depth += (token == "{") - (token == "}")
        assert depth >= 0
        assert token in "{}" or token in KNOWN_COMMANDS, token
    assert depth == 0
    assert latex.count(r"\left") == latex.count(r"\right")
    for environment in ("aligned", "bmatrix"):
        assert latex.count(rf"\begin{{{environment}}}") == latex.count(rf"\end{{{environment}}}")
    assert not re.search(r"(_\{[^{}]*\}_|\^\{[^{}]*\}\^)", latex), "two indices or exponents at one place"


def every_case():
    """One graph for each case of the engine's own tests, with a gradient to start from."""
    for case in all_cases(backprop_lib):
        output = case.engine(*(Tensor(value, name=f"x{k}") for k, value in enumerate(case.inputs)))
        gradient = None if output.size == 1 else np.cos(np.arange(output.size)).reshape(output.shape) + 0.3
        yield str(case), Reading(output, gradient=gradient)


def test_every_operation_can_be_read():
    seen = set()
    for k, (_, reading) in enumerate(every_case()):
        assert_well_formed(graph_latex(reading))
        graph_table(reading)
        if k % 5 == 0:
            assert "</svg>" in graph_svg(reading)
        seen |= {node.operation.name for node in reading.nodes if node.operation is not None}
    assert set(operations.TABLE) - seen <= {
        "scatter",
        "sign",
        "greater_equal",
        "less",
        "less_equal",
        "equal",
        "not_equal",
    }
    for graph in GRAPHS:
        assert_well_formed(graph_latex(graph()))


def test_a_planted_fault_in_latex_is_seen():
    for broken in (r"\frac{1}{2", r"\left(1", r"x_{1}_{2}", r"\unknown"):
        with pytest.raises(AssertionError):
            assert_well_formed(broken)


def run(code):
    scope = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, scope)
    return scope


def assert_torch_agrees(reading):
    names, state = torch_names(reading), reading.state()
    scope = run(graph_torch_code(reading))
    for k, name in names.items():
        assert np.allclose(scope[name].detach().numpy(), state.values[k], rtol=1e-12, atol=1e-12, equal_nan=True), name
    for k, total in state.totals.items():
        found = scope[names[k]].grad
        # PyTorch leaves None where an operation passes nothing on
        found = np.zeros_like(total) if found is None else found.numpy()
        assert found.shape == total.shape and found.dtype == total.dtype
        assert np.allclose(found, total, rtol=1e-9, atol=1e-12), f"gradient of {names[k]}: {found}, here {total}"


def test_pytorch_finds_every_gradient_of_every_operation():
    pytest.importorskip("torch")
    count = 0
    for label, reading in every_case():
        try:
            assert_torch_agrees(reading)
        except Exception as error:
            raise AssertionError(f"{label}:\n{graph_torch_code(reading)}") from error
        count += 1
    assert count > 1000


@pytest.mark.parametrize("graph", GRAPHS)
def test_pytorch_finds_every_gradient_of_whole_graphs(graph):
    pytest.importorskip("torch")
    assert_torch_agrees(Reading(graph()))


def test_pytorch_in_float32():
    pytest.importorskip("torch")
    x = Tensor(np.float32([1, 2]), name="x")
    assert_torch_agrees(Reading((x * 2 + 1).sum()))


f32 = Tensor(np.float32([[0.2, 0.7], [0.4, 0.5]]), name="A")
TWO_TYPES = {
    "matrix": lambda: f32 @ np.ones((2, 2)),
    "vector": lambda: f32 @ leaf([1.0, 2.0], "v"),
    "from the left": lambda: leaf([1.0, 2.0], "v") @ f32,
    "BCE": lambda: F.binary_cross_entropy(f32, leaf([[0.0, 1.0], [1.0, 0.0]], "y")),
    "BCE of logits": lambda: F.binary_cross_entropy_with_logits(f32, leaf([[0.0, 1.0], [1.0, 0.0]], "y")),
    "MSE": lambda: F.mean_squared_error(f32, leaf([[0.0, 1.0], [1.0, 0.0]], "y")),
    "CE": lambda: F.cross_entropy(f32, leaf([[0.5, 0.5], [0.0, 1.0]], "y")),
    "classes": lambda: F.cross_entropy(f32, [0, 1]),
    "sum": lambda: f32 + leaf([1.0, 2.0], "v"),
    "power": lambda: f32 ** leaf([1.0, 2.0], "v"),
    "maximum": lambda: F.maximum(f32, leaf([0.3, 0.3], "v")),
    "where": lambda: where(f32 > 0.3, f32, leaf([1.0, 2.0], "v")),
    "join": lambda: concatenate([f32, leaf([[1.0, 2.0]], "v")]),
}


@pytest.mark.parametrize("name", TWO_TYPES)
def test_pytorch_with_two_types_of_numbers(name):
    pytest.importorskip("torch")
    reading = Reading(TWO_TYPES[name]().sum())
    scope, names = run(graph_torch_code(reading)), torch_names(reading)
    for k, total in reading.state().totals.items():
        assert np.allclose(scope[names[k]].grad.numpy(), total, rtol=1e-6)


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x[[]],
        lambda x: x[np.zeros((0, 2), int)],
        lambda x: x[np.zeros(3, bool)],
        lambda x: F.clip(x, np.zeros(3), 1),
        lambda x: F.clip(x, 0, np.ones(3)),
        lambda x: F.clip(x, np.array([-np.inf, 0, 1.5]), np.inf),
        lambda x: F.clip(x, np.inf, np.inf),
        lambda x: F.clip(x, -np.inf, np.inf),
        lambda x: F.clip(x, float("nan"), 1),
    ],
)
def test_pytorch_at_the_edges(use):
    pytest.importorskip("torch")
    assert_torch_agrees(Reading(use(leaf([-1.0, 0.5, 2.0], "x")).sum()))


def test_where_pytorch_finds_other_numbers_the_code_says_so():
    said = "PyTorch cuts the logarithm off at −100"
    assert said in graph_torch_code(F.binary_cross_entropy(leaf([0.0, 1.0], "p"), [0, 1]))
    assert said not in graph_torch_code(F.binary_cross_entropy(leaf([0.1, 0.9], "p"), [0, 1]))


def test_a_wrong_line_of_pytorch_would_be_seen():
    pytest.importorskip("torch")
    reading = Reading(one_neuron())
    code = graph_torch_code(reading)
    scope = run(code.replace("w * x", "w + x"))
    assert scope["w"].grad.item() != reading.state().totals[0].item()


def test_the_code_of_the_worked_neuron():
    code = graph_torch_code(one_neuron())
    assert "w = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)  # 3\n" in code
    assert "w_x = w * x  # w·x: 6\n" in code
    assert "L = a_minus_y ** 2  # 9\n" in code
    assert 'print("dL/dw =", w.grad)  # 12\n' in code
    assert "import torch.nn.functional" not in code


def test_names_in_code_are_python_names():
    names = [
        "class",
        "torch",
        "F",
        "print",
        "ŷ",
        "w·x",
        "2x",
        "名前",
        "",
        "a b",
        "η",
        "x",
        "x'",
        "import os; os.system('')",
    ]
    total = sum((leaf(float(k), name) for k, name in enumerate(names)), start=Tensor(0.0, name="None"))
    code = graph_torch_code(total)
    compile(code, "code", "exec")
    chosen = list(torch_names(Reading(total)).values())
    assert len(set(chosen)) == len(chosen)
    assert all(name.isidentifier() and name.isascii() for name in chosen)
    assert "y_hat" in chosen and "eta" in chosen and "class_2" in chosen


def test_the_line_of_a_step_is_marked():
    reading = Reading(one_neuron())
    marked = [line for line in graph_torch_code(reading, 17).splitlines() if "◀" in line]
    assert marked == ['print("dL/dw =", w.grad)  # 12  ◀ this step']
    assert "z = w_x + b  # 7  ◀ this step" in graph_torch_code(reading, 5)
    assert "◀" not in graph_torch_code(reading)


def test_the_code_steps_with_the_others():
    """A number shows in the comments when it shows in the table, and each step marks one line."""
    x = leaf(3.0, "x")
    reading = Reading((x * 2) ** 2)
    for step in range(len(reading.steps)):
        state, code = reading.state(step), graph_torch_code(reading, step)
        assert code.count("◀ this step") == 1
        for k, name in torch_names(reading).items():
            line = re.search(rf"^{name} = .*$", code, re.M).group()
            assert ("not reached yet" in line) == (k not in state.values)
    assert "x_2 = x * 2  # x·2: not reached yet  ◀ this step\n" in graph_torch_code(reading, 1)
    assert 'print("df/df =", f.grad)  # 1  ◀ this step\n' in graph_torch_code(reading, 5)


def test_the_graph_of_a_gradient_has_no_code_but_says_so():
    x = leaf([1.0, 2.0, 3.0], "x")
    (x[0] * x[0]).backward(create_graph=True)
    with pytest.raises(ValueError, match="gradient"):
        graph_torch_code(x.grad.sum())
