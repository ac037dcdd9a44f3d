# ruff: noqa: E501  (a mistake is a line: what it is, where, right, wrong)
"""The tests on trial: each of these mistakes is planted into a copy of the engine, and the tests must notice.

The checks are the very tests of this folder, called with the spoilt copy in place of the engine.
"""

import inspect
import itertools

import numpy as np
import pytest

import backprop_lib

from . import (
    test_aliasing,
    test_changed_values,
    test_counting,
    test_errors,
    test_graph,
    test_inputs,
    test_jvp,
    test_kinks_and_stability,
    test_modes,
    test_numpy_protocol,
    test_operations,
    test_second_derivatives,
    test_walk,
    test_worked_examples,
)
from .cases import all_cases, one_of_each
from .mutants import Mistake, forget, spoilt

MISTAKES = [
    # ---- rules ----------------------------------------
    Mistake("subtract: the minus is forgotten", "operations",
            "lambda g, _out, _a, _b: g, lambda g, _out, _a, _b: -g", "lambda g, _out, _a, _b: g, lambda g, _out, _a, _b: g"),
    Mistake("multiply: an input gets its own value instead of the other's", "operations",
            "lambda g, _out, _a, b: g * b", "lambda g, _out, a, _b: g * a"),
    Mistake("divide: the minus in the divisor's slope is forgotten", "operations", "-(g * out / b)", "g * out / b"),
    Mistake("divide: the divisor's slope lacks one ÷b", "operations", "-(g * out / b)", "-(g * out)"),
    Mistake("power: the exponent is not lowered", "operations", "pick(b != 0, a, 1) ** (b - 1)", "pick(b != 0, a, 1) ** b"),
    Mistake("power: the factor b is forgotten", "operations", "g * b * pick(b != 0, a, 1)", "g * pick(b != 0, a, 1)"),
    Mistake("power: 0⁻¹ at a⁰", "operations", "pick(b != 0, a, 1) ** (b - 1)", "a ** (b - 1)"),
    Mistake("exp: its slope is taken for its input", "operations",
            '"exp", np.exp, lambda g, out, _a: g * out', '"exp", np.exp, lambda g, _out, a: g * a'),
    Mistake("log: multiplied instead of divided", "operations", "lambda g, _out, a: g / a", "lambda g, _out, a: g * a"),
    Mistake("sqrt: the 2 is forgotten", "operations", "g / (2 * out)", "g / out"),
    Mistake("square: the 2 is forgotten", "operations", "g * (2 * a)", "g * a"),
    Mistake("cos: the sign", "operations", "-(g * np.sin(a))", "g * np.sin(a)"),
    Mistake("tanh: 1 − t instead of 1 − t²", "operations", "g * (1 - out * out)", "g * (1 - out)"),
    Mistake("sigmoid: the slope lacks (1 − σ)", "operations", "g * (out * (one - out))", "g * out"),
    Mistake("sigmoid: overflows on the left", "operations", "np.exp(-np.maximum(a, lowest))", "np.exp(-a)"),
    Mistake("sigmoid: clipped too early for float32", "operations", "(np.float32, -88)", "(np.float32, -80)"),
    Mistake("softplus: 1 − σ instead of σ", "operations", "g * -np.expm1(-out)", "g * np.exp(-out)"),
    Mistake("relu: slope 1 at 0", "operations", "keep(out > 0, g)", "keep(out >= 0, g)"),
    Mistake("relu: nan becomes 0", "operations", "a if a > lowest or a != a else", "a if a > lowest else"),
    Mistake("relu: 0·∞ leaks", "operations", "keep(out > 0, g)", "g * (out > 0)"),
    Mistake("leaky_relu: the slopes are exchanged", "operations", "pick(a > 0, g, slope * g)", "pick(a > 0, slope * g, g)"),
    Mistake("abs: slope 1 at 0", "operations", "keep(a > 0, g) - keep(a < 0, g)", "keep(a >= 0, g) - keep(a < 0, g)"),
    Mistake("clip: the gradient passes above the limit", "operations", "keep(a >= low, keep(a <= high, g))", "keep(a >= low, g)"),
    Mistake("maximum: a tie counts twice", "operations",
            "keep(a > b, g) + keep(a == b, g / 2), lambda g, _out, a, b: keep(b > a, g)",
            "keep(a >= b, g), lambda g, _out, a, b: keep(b > a, g)"),
    Mistake("minimum: a tie goes nowhere", "operations",
            "keep(a < b, g) + keep(a == b, g / 2), lambda", "keep(a < b, g), lambda"),
    Mistake("where: the sides are exchanged", "operations",
            "keep(condition != 0, g), lambda g, _out, condition, _a, _b: keep(condition == 0, g)",
            "keep(condition == 0, g), lambda g, _out, condition, _a, _b: keep(condition != 0, g)"),
    Mistake("comparisons give float64 for float32", "operations", "truth.astype(np.result_type(a, b))", "truth * 1.0"),
    Mistake("mean: not divided by n", "operations", "spread(g / count(_a, axis), _a", "spread(g, _a"),
    Mistake("prod: by division, which zeros spoil", "operations", "* product_of_others(a, axis)", "* (_out / a)"),
    Mistake("prod: only the entries before are multiplied", "operations",
            "others = before(rows) * before(rows[::-1])[::-1]", "others = before(rows)"),
    Mistake("var: ddof is forgotten", "operations", "keepdims=keepdims) / (count(a, axis) - ddof)",
            "keepdims=keepdims) / count(a, axis)"),
    Mistake("var: ddof is forgotten on the way back", "operations", "2 / (count(a, axis) - ddof)", "2 / count(a, axis)"),
    Mistake("max: a tie gives each the whole gradient", "operations",
            "spread(g, a, axis, keepdims) / winners", "spread(g, a, axis, keepdims)"),
    Mistake("max and min: the axis is not put back before spreading", "operations",
            "if axis is not None and not keepdims:", "if False:"),
    Mistake("log-sum-exp: no shift", "operations", "return np.where(np.isfinite(peak), peak, 0)", "return np.zeros_like(peak)"),
    Mistake("softmax: one shift for all rows", "operations",
            "peak = np.maximum.reduce(a, axis=axis, keepdims=True)", "peak = np.max(a, keepdims=True)"),
    Mistake("log_softmax: log 2 is lost beside a huge score", "operations",
            "return shifted - np.log(_sum_exp(shifted, axis))", "return a - _logsumexp(a, axis, True)"),
    Mistake("softmax: only the diagonal of the Jacobian", "operations",
            "out * (g - np.add.reduce(g * out, axis=axis, keepdims=True))", "out * (1 - out) * g"),
    Mistake("log_softmax: the sum over the group is forgotten", "operations",
            "g - np.exp(out) * np.add.reduce(g, axis=axis, keepdims=True)", "g - np.exp(out) * g"),
    Mistake("cumsum: summed from the wrong end", "operations",
            "np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)", "np.cumsum(g, axis=axis)"),
    Mistake("matmul: the left rule lacks the transpose", "operations", "return g.dot(b.T)",
            "return g.dot(b if b.shape[0] == b.shape[1] else b.T)"),
    Mistake("matmul: the right rule lacks the transpose", "operations", "return a.T.dot(g)",
            "return (a if a.shape[0] == a.shape[1] else a.T).dot(g)"),
    Mistake("matmul: stacks are transposed over all axes", "operations", "np.swapaxes(a, -1, -2)", "np.transpose(a)"),
    Mistake("transpose: the axes are not put back", "operations", "tuple(np.argsort(axes))", "axes"),
    Mistake("indexing: repeated entries overwrite one another", "operations", "np.add.at(total, index, a)", "total[index] = a"),
    Mistake("concatenate: every piece gets the first stretch", "operations", "_pieces[:position]", "_pieces[:0]"),
    Mistake("mean_squared_error: the mean is forgotten on the way back", "operations",
            "lambda g, _out, p, y: g * (2 / p.size) * (p - y)", "lambda g, _out, p, y: g * 2 * (p - y)"),
    Mistake("binary_cross_entropy: 0·log 0", "operations", "np.log(pick(y != 0, p, 1))", "np.log(p)"),
    Mistake("cross-entropy from logits: log(1 + exp z) overflows", "operations",
            "(np.maximum(z, 0) - z * y) + np.log1p(np.exp(-np.abs(z)))", "np.log(1 + np.exp(z)) - z * y"),
    Mistake("cross_entropy: not divided by the number of rows", "operations",
            "(g / rows(z)) * (softmax(z, (z.ndim - 1,)) - y)", "g * (softmax(z, (z.ndim - 1,)) - y)"),
    Mistake("cross_entropy: 0·(−∞) of an impossible class", "operations",
            "y * keep(y != 0, log_softmax.forward(z, (z.ndim - 1,)))", "y * log_softmax.forward(z, (z.ndim - 1,))"),
    Mistake("a value is read that the row does not name", "operations",
            "lambda g, _out, _a, b: g * b", "lambda g, _out, _a, _b: g * _b"),
    Mistake("a rule names a value it does not read", "operations", "lambda g, out, _a: g * out", "lambda g, out, a: g * out"),
    # ---- the walk ----------------------------------------
    Mistake("the second use overwrites instead of adding", "tensor",
            "gradients[t] = held + downstream if watcher is None else", "gradients[t] = downstream if watcher is None else"),
    Mistake("added in place into what may be shared", "tensor",
            "gradients[t] = held + downstream if watcher is None else", "gradients[t] = np.add(held, downstream, out=held"
            " if isinstance(held, np.ndarray) and held.flags.writeable else None) if watcher is None else"),
    Mistake("nodes in the order in which they were found", "tensor", "found.sort(key=_creation_number, reverse=True)", "pass"),
    Mistake("oldest first", "tensor", "found.sort(key=_creation_number, reverse=True)", "found.sort(key=_creation_number)"),
    Mistake("a node is walked once for each use", "tensor", "and t.operation is not None and t not in seen:",
            "and t.operation is not None and (t not in seen or len(found) < 9):"),
    Mistake("constants get gradients", "tensor", "if t.requires_grad: if watcher is not None:",
            "if rule:\n                if watcher is not None:"),
    Mistake("a graph is replayed in any order", "tensor", "return sorted(found, key=_creation_number)", "return found[::-1]"),
    Mistake("gradients of gradients: the output counts as constant", "tensor",
            "values, out = (*node.inputs, *node.attributes), node",
            "values, out = ((*node.inputs, *node.attributes), Tensor(node._data, requires_grad=False))"),
    Mistake("gradients of gradients: the inputs count as constant", "tensor",
            "values, out = (*node.inputs, *node.attributes), node",
            "values, out = ((*[Tensor(t._data, requires_grad=False) for t in node.inputs], *node.attributes), node)"),
    # ---- undoing a broadcast ----------------------------------------
    Mistake("broadcast: only new axes are summed", "tensor", "if gradient.shape != shape: stretched", "if False:\n        stretched"),
    Mistake("broadcast: every axis of length 1 but the first", "tensor",
            "for axis, length in enumerate(shape) if length == 1", "for axis, length in enumerate(shape) if length == 1 and axis"),
    Mistake("broadcast: the mean instead of the sum", "tensor", "_sum_over = np.add.reduce", "_sum_over = np.mean"),
    Mistake("broadcast: new axes are taken from the back", "tensor",
            "gradient = _sum_over(gradient)", "gradient = _sum_over(gradient, axis=-1)"),
    Mistake("matmul does not say that it broadcasts", "operations", "_matmul_left, _matmul_right, broadcasts=True)",
            "_matmul_left, _matmul_right)"),
    # ---- adding up and storing ----------------------------------------
    Mistake("a second backward() overwrites", "tensor", "gradient = (t._grad._data if isinstance(t._grad, Tensor) else t._grad) + gradient", "pass"),
    Mistake("with create_graph a second backward() overwrites", "tensor", "gradient if t._grad is None else t._grad + gradient", "gradient"),
    Mistake("inner nodes add up over calls", "tensor", "if t.operation is not None: t._grad, t._shared",
            "if t.operation is not None and t._grad is None:\n            t._grad, t._shared"),
    Mistake("added in place into the caller's gradient", "tensor",
            "gradient = (t._grad._data if isinstance(t._grad, Tensor) else t._grad) + gradient",
            "t._grad += gradient\n                continue"),
    Mistake("a float32 leaf gets a float64 gradient", "tensor", "gradient = gradient.astype(t._data.dtype)", "pass"),
    # ---- sharing ----------------------------------------
    Mistake("two inputs share the upstream gradient", "tensor",
            "upstream.broadcast_to(upstream.shape) if create_graph else upstream.copy()", "upstream"),
    Mistake("a leaf's gradient is a view of another one", "tensor",
            "if gradient.base is not None: gradient = gradient.copy()", "pass"),
    Mistake("an inner node hands out a gradient that it shares", "tensor",
            "if self._grad is not None and self._shared:", "if isinstance(self._grad, np.generic):"),
    Mistake("two nodes share a 0-d gradient", "tensor", "gradient.ndim == 0", "False"),
    Mistake("the seed is the caller's array", "tensor", "seed = np.array(_as_numbers(gradient), dtype=output._data.dtype)[()]",
            "seed = np.asarray(gradient, dtype=output._data.dtype)[()]"),
    Mistake("with create_graph inner nodes hold the recorded array", "tensor", "gradient._data if create_graph else gradient, True",
            "gradient._data if create_graph else gradient, not create_graph"),
    Mistake("a Tensor holds the caller's array", "tensor", "array = np.array(data)", "array = np.asarray(data)"),
    Mistake("the array fetched before an update stays the value", "tensor", "value = value.copy()", "pass"),
    Mistake("an index array is not copied", "tensor",
            "index = np.array(index, dtype=int if isinstance(index, list) and not index else None)", "index = np.asarray(index)"),
    # ---- values that change ----------------------------------------
    Mistake("a changed value is never noticed", "tensor",
            "if order and _last_change > (computed_at or order[-1]._number):", "if False:"),
    Mistake("a value set anew is not noticed", "tensor", "self._lent = None _last_change = tick()", "self._lent = None"),
    Mistake("a value written into is not noticed", "tensor", "np.array(self._data) _last_change = tick()", "np.array(self._data)"),
    Mistake("a value fetched before the forward pass and written into after it is not noticed", "tensor",
            "self._data = _frozen(self._lent.copy()) _last_change = tick()", "self._data = _frozen(self._lent.copy())"),
    Mistake("a node counts as made after it has looked at its inputs", "tensor", "node._number = number", "node._number = tick()"),
    Mistake("a replay counts as made after it has looked at the leaves", "graph", "self._computed_at = computed_at", "self._computed_at = tick()"),
    Mistake("every change is refused, a bias's too", "tensor",
            "return any(t.requires_grad and node.operation.reads(i, position) for i, t in enumerate(node.inputs))", "return True"),
    Mistake("a constant's change is not noticed", "tensor",
            "return any(t.requires_grad and node.operation.reads(i, position) for i, t in enumerate(node.inputs))",
            "return changed.requires_grad and any((node.operation.reads(i, position) for i, t in enumerate(node.inputs)))"),
    Mistake("another graph's replay mixes old and new", "tensor",
            "if changed.requires_grad and changed.operation is not None: return True", ""),
    Mistake("a replay does not see what was written into a leaf", "graph", "leaf._settle()", "pass"),
    Mistake("a replay that stops half-way keeps new inputs with an old output", "graph",
            "arguments = [] for t in inputs:", "arguments = node._arguments = []\n            for t in inputs:"),
    Mistake("a replayed backward pass forgets broadcasts", "graph", "return any(t.shape != node.shape for t in node.inputs)", "return False"),
    # ---- modes, steps, forward mode, counting ----------------------------------------
    Mistake("no_grad is not restored", "modes", "mode.reset(self._tokens.pop())", "self._tokens.pop()"),
    Mistake("no_grad records all the same", "modes", "return current._replace(recording=False)", "return current"),
    Mistake("steps: the total is only the last contribution", "graph",
            "self.totals[t] = arrived + self.totals[t] if t in self.totals else arrived", "self.totals[t] = arrived"),
    Mistake("steps: what arrives is not summed over the broadcast", "graph",
            "arrived = np.array(unbroadcast(downstream, t.shape))", "arrived = np.array(downstream)"),
    Mistake("edges: the Jacobian of the wrong row", "graph", "unit.reshape(out.shape)", "unit[::-1].reshape(out.shape)"),
    Mistake("forward mode: only the last input's contribution", "forward_mode", "total = total + push(node, position, moving[t])",
            "total = push(node, position, moving[t])"),
    Mistake("forward mode: zeros inside no_grad", "forward_mode", "with recording():", "with unwatched():"),
    Mistake("counting: n additions for a sum of n", "counting", "operands[0].size - result.size", "operands[0].size"),
    Mistake("counting: a matrix product has as many additions as products", "counting", "max(terms - 1, 0)", "terms"),
    Mistake("counting: what is undone of a broadcast is free", "counting",
            "return _plain(unbroadcast(downstream, receiver.shape))", "return unbroadcast(_plain(downstream), receiver.shape)"),
    Mistake("counting: a second walk is not counted", "counting", "self.reached.remove(node)", "pass"),
    Mistake("detect_anomaly: only nan counts", "anomalies", "np.isfinite(_values(value)).all()", "not np.isnan(_values(value)).any()"),
    # ---- the gradient checker ----------------------------------------
    Mistake("checker: absolute tolerance", "gradcheck", "if difference > tolerance * size + error:", "if difference > 1e-4:"),
    Mistake("checker: nan passes", "gradcheck", 'return entry(WRONG, np.inf, "the claim is not a finite number")', "return entry(RIGHT, 0)"),
    Mistake("checker: a one-sided difference", "gradcheck", "_moved(x, index, -eps)", "_moved(x, index, 0.0)"),
    Mistake("checker: writes into x", "gradcheck", "moved = x.copy()", "moved = x"),
    Mistake("checker: the claim's shape is broadcast", "gradcheck", "if claimed.shape != x.shape:", "claimed = np.broadcast_to(claimed, x.shape)\n    if False:"),
    Mistake("checker: ok if any entry is right", "gradcheck", "return all(entry.verdict in (RIGHT, KINK) for entry in self.entries)", "return any(entry.verdict in (RIGHT, KINK) for entry in self.entries)"),
]  # fmt: skip


# ---- the checks --------------------------------------------------------------------------------------------------


def check_the_checker(lib):
    """A few judgements of the gradient checker; its own tests are in tests/test_gradcheck.py."""
    gradcheck = lib.gradcheck
    x = np.array([0.5, -1.5, 2.0])
    kept = x.copy()
    cube, slopes = (lambda v: float(np.sum(v**3))), 3 * x**2
    np.testing.assert_allclose(gradcheck.numerical_gradient(cube, x), slopes, rtol=1e-8)
    assert gradcheck.compare_gradients(cube, x, slopes).ok
    for wrong in (slopes * 1.01, slopes + [0, 0, 0.1], slopes * [1, np.nan, 1], slopes * [1, -1, 1], slopes[:1]):
        assert not gradcheck.compare_gradients(cube, x, wrong).ok
    assert not gradcheck.compare_gradients(np.sum, x, np.ones(1)).ok
    assert not gradcheck.compare_gradients(lambda v: 1e-6 * cube(v), x, 2e-6 * slopes).ok
    np.testing.assert_array_equal(x, kept)
    w = lib.Tensor(x)
    assert gradcheck.check_gradients(lambda: (w * lib.tanh(w)).sum(), [w]).ok


SLOW = {
    test_walk.test_a_chain_of_a_million_nodes, test_walk.test_each_node_is_visited_once, test_walk.test_sixty_stacked_diamonds,
    test_walk.test_a_deep_chain_can_be_differentiated_twice_and_replayed,
    test_walk.test_deep_graphs_are_freed_without_deep_recursion, test_walk.test_graphs_built_at_the_same_time_in_threads,
    test_operations.test_no_operation_is_left_out, test_operations.test_a_rule_looks_only_at_what_it_says,
}  # fmt: skip
MODULES = [
    test_walk, test_aliasing, test_changed_values, test_kinks_and_stability, test_worked_examples, test_graph, test_jvp,
    test_modes, test_counting, test_numpy_protocol, test_inputs, test_second_derivatives, test_errors,
]  # fmt: skip


def variants(test):
    """The arguments a parametrised test is called with, one dictionary for each call."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    choices = []
    for mark in marks:
        names, values = mark.args
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        choices.append([dict(zip(names, value if len(names) > 1 else [value], strict=True)) for value in values])
    for chosen in itertools.product(*choices):
        yield {name: value for one in chosen for name, value in one.items()}


def questions():
    """(test, arguments) for every test that takes the engine as `lib` and no case made with the real one."""
    for module in MODULES:
        for name, test in vars(module).items():
            if not name.startswith("test_") or not inspect.isfunction(test) or test in SLOW:
                continue
            for arguments in variants(test):
                if set(inspect.signature(test).parameters) == {"lib", *arguments} and not {"case", "kind"} & set(
                    arguments
                ):
                    yield test, arguments


def checks(lib):
    """Everything that is asked of an engine, quick questions first."""
    yield "set anew", lambda: test_changed_values.test_a_value_set_anew_without_looking_at_it(lib)
    quick = one_of_each(lib)
    for check in (
        test_operations.check_value_and_gradients,
        test_aliasing.check_nothing_is_shared,
        test_graph.check_replay,
    ):
        for case in quick:
            yield f"{check.__name__}, {case}", lambda check=check, case=case: check(lib, case)
    for test, arguments in questions():
        yield f"{test.__name__} {arguments or ''}", lambda test=test, arguments=arguments: test(lib, **arguments)
    yield "check_the_checker", lambda: check_the_checker(lib)
    for check in (
        test_graph.check_local_derivatives,
        test_jvp.check_forward_mode,
        lambda lib, case: test_second_derivatives.check_order(lib, case, 2),
    ):
        for case in quick:
            yield f"{check.__name__}, {case}", lambda check=check, case=case: check(lib, case)
    for case in all_cases(lib):
        yield f"value and gradient of {case}", lambda case=case: test_operations.check_value_and_gradients(lib, case)
    yield "what the rules read", lambda: test_operations.test_a_rule_looks_only_at_what_it_says(lib)


def first_failure(lib) -> str | None:
    for name, check in checks(lib):
        try:
            with np.errstate(all="warn", under="ignore"):
                check()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # pytest's own failures are no ordinary exceptions
            return f"{name}: {type(error).__name__}"
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spoilt")


def test_an_unspoilt_copy_passes(folder):
    lib = spoilt(None, folder)
    assert lib is not backprop_lib
    assert first_failure(lib) is None
    forget(lib)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_noticed(folder, mistake):
    lib = spoilt(mistake, folder)
    assert first_failure(lib) is not None
    forget(lib)


def test_enough_mistakes_of_every_kind():
    assert len(set(MISTAKES)) == len({mistake.what for mistake in MISTAKES}) == len(MISTAKES) >= 30
    assert {mistake.file for mistake in MISTAKES} >= {
        "operations",
        "tensor",
        "graph",
        "modes",
        "forward_mode",
        "gradcheck",
    }
