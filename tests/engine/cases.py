"""Every operation at many shapes, each with its formula written a second time in plain NumPy.

The formulas take complex numbers, so that the complex step can differentiate them; a fork decides on real parts.
"""

from collections.abc import Callable
from functools import cache
from itertools import combinations, permutations, product
from typing import NamedTuple

import numpy as np
import pytest

import backprop_lib


class Case(NamedTuple):
    label: str
    engine: Callable  # Tensors → Tensor
    formula: Callable  # arrays → array
    inputs: tuple[np.ndarray, ...]

    def __str__(self):
        return self.label

    @property
    def kind(self) -> str:
        """The operation or function: what the label begins with."""
        return self.label.split()[0]


# ---- inputs ------------------------------------------------------------


def numbers(shape, low=-1.5, high=1.5, key=0):
    """Numbers without a pattern in (low, high)."""
    n = np.prod(shape, dtype=int)
    return (low + (high - low) * ((np.arange(1, n + 1) * 0.618034 + 0.377 * key) % 1)).reshape(shape)


def apart(shape, offset=0.25):
    """Shuffled multiples of 1/2, moved by `offset`: at least 1/4 from 0, from one another, and from `apart(…, 0)`."""
    n = np.prod(shape, dtype=int)
    return (0.5 * ((np.arange(n) * 7 + 3) % max(n, 1) - n // 2) + offset).reshape(shape)


# ---- formulas with a fork ------------------------------------------------------------


def larger(a, b, sign=1):
    ahead = sign * (np.real(a) - np.real(b))
    return np.where(ahead > 0, a, np.where(ahead < 0, b, (a + b) / 2))


def largest(x, axis, keepdims, sign=1):
    wins = sign * x.real == np.max(sign * x.real, axis=axis, keepdims=True)
    return np.sum(np.where(wins, x, 0), axis=axis, keepdims=keepdims) / np.sum(wins, axis=axis, keepdims=keepdims)


def variance(x, axis, keepdims, ddof=0):
    distance = x - np.mean(x, axis=axis, keepdims=True)
    mean = np.mean(distance * distance, axis=axis, keepdims=keepdims)
    return mean * (x.size / mean.size) / (x.size / mean.size - ddof)


def log_of_sum_of_exponentials(x, axis, keepdims):
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def normalised(x, axis):
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


# ---- the cases ------------------------------------------------------------


def functions_of_one_number(lib):
    rows = [
        ("negative", lambda a: -a, lambda a: -a, numbers),
        ("exp", lib.exp, np.exp, numbers),
        ("log", lib.log, np.log, lambda shape: numbers(shape, 0.3, 3)),
        ("sqrt", lib.sqrt, np.sqrt, lambda shape: numbers(shape, 0.3, 3)),
        ("square", lib.square, lambda a: a * a, numbers),
        ("sin", lib.sin, np.sin, numbers),
        ("cos", lib.cos, np.cos, numbers),
        ("tanh", lib.tanh, np.tanh, numbers),
        ("sigmoid", lib.sigmoid, lambda a: 1 / (1 + np.exp(-a)), numbers),
        ("softplus", lib.softplus, lambda a: np.log(1 + np.exp(a)), numbers),
        ("relu", lib.relu, lambda a: np.where(a.real > 0, a, 0), apart),
        ("leaky_relu", lib.leaky_relu, lambda a: np.where(a.real > 0, a, 0.01 * a), apart),
        ("leaky_relu 0.2", lambda a: lib.leaky_relu(a, 0.2), lambda a: np.where(a.real > 0, a, 0.2 * a), apart),
        ("abs", lib.abs, lambda a: np.where(a.real > 0, a, -a), apart),
        ("clip", lambda a: lib.clip(a, -0.5, 1.5), lambda a: larger(larger(a, -0.5), 1.5, -1), apart),
        ("clip below", lambda a: lib.clip(a, a_min=0.5), lambda a: larger(a, 0.5), apart),
        ("clip above", lambda a: lib.clip(a, a_max=0.5), lambda a: larger(a, 0.5, -1), apart),
        ("square by power", lambda a: a**2, lambda a: a * a, numbers),
        ("cube", lambda a: a**3, lambda a: a * a * a, numbers),
        ("power 0", lambda a: a**0, lambda a: a * 0 + 1, numbers),
        ("power 1", lambda a: a**1, lambda a: a, numbers),
        ("reciprocal", lambda a: a**-1, lambda a: 1 / a, lambda shape: numbers(shape, 0.5, 2)),
        ("power 2.5", lambda a: a**2.5, lambda a: a**2.5, lambda shape: numbers(shape, 0.3, 3)),
        ("number to a power", lambda a: 2**a, lambda a: 2**a, numbers),
        ("number minus, over", lambda a: (3 - a) / 2 + 1 / (a + 2), lambda a: (3 - a) / 2 + 1 / (a + 2), numbers),
    ]
    for name, engine, formula, inputs in rows:
        for shape in [(), (3,), (2, 3), (2, 1, 2), (0,)]:
            yield Case(f"{name} {shape}", engine, formula, (inputs(shape),))


SHAPES = [(), (1,), (3,), (2, 1), (1, 3), (2, 3), (4, 1, 3), (4, 2, 1), (1, 1, 1), (0,), (0, 3)]


def broadcasting_pairs():
    for left, right in product(SHAPES, repeat=2):
        try:
            np.broadcast_shapes(left, right)
        except ValueError:
            continue
        yield left, right


def functions_of_two_numbers(lib):
    positive = lambda shape, key=0: numbers(shape, 0.5, 2, key)  # noqa: E731
    rows = [
        ("add", lambda a, b: a + b, lambda a, b: a + b, numbers, lambda shape: numbers(shape, key=1)),
        ("subtract", lambda a, b: a - b, lambda a, b: a - b, numbers, lambda shape: numbers(shape, key=1)),
        ("multiply", lambda a, b: a * b, lambda a, b: a * b, numbers, lambda shape: numbers(shape, key=1)),
        ("divide", lambda a, b: a / b, lambda a, b: a / b, numbers, lambda shape: positive(shape, 1)),
        ("power", lambda a, b: a**b, lambda a, b: a**b, positive, lambda shape: numbers(shape, key=1)),
        ("maximum", lib.maximum, larger, apart, lambda shape: apart(shape, 0)),
        ("minimum", lib.minimum, lambda a, b: larger(a, b, -1), apart, lambda shape: apart(shape, 0)),
    ]
    for name, engine, formula, first, second in rows:
        for left, right in broadcasting_pairs():
            yield Case(f"{name} {left} {right}", engine, formula, (first(left), second(right)))
        for shape in [(), (3,), (2, 3)]:
            both = positive(shape)
            yield Case(
                f"{name} of the same leaf {shape}",
                lambda a, engine=engine: engine(a, a),
                lambda a, formula=formula: formula(a, a),
                (both,),
            )
    for left, right in broadcasting_pairs():
        for shape in dict.fromkeys([(), np.broadcast_shapes(left, right), (2, 1)]):
            try:
                np.broadcast_shapes(shape, left, right)
            except ValueError:
                continue
            condition = np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2 == 0
            yield Case(
                f"where {shape} {left} {right}",
                lambda a, b, condition=condition: lib.where(condition, a, b),
                lambda a, b, condition=condition: np.where(condition, a, b),
                (numbers(left), numbers(right, key=1)),
            )
    x = apart((2, 3))
    yield Case("where x > 0", lambda a: lib.where(a > 0, a, a * a), lambda a: np.where(a.real > 0, a, a * a), (x,))


AXES = [None, 0, 1, 2, -1, -3, (), (0,), (0, 1), (2, 0), (1, -1), (0, 1, 2)]


def reductions(lib):
    rows = [
        ("sum", lib.sum, np.sum, numbers),
        ("mean", lib.mean, np.mean, numbers),
        ("prod", lib.prod, np.prod, numbers),
        ("var", lib.var, variance, numbers),
        ("max", lib.max, largest, apart),
        ("min", lib.min, lambda a, axis, keepdims: largest(a, axis, keepdims, -1), apart),
        ("logsumexp", lib.logsumexp, log_of_sum_of_exponentials, numbers),
    ]
    for name, engine, formula, inputs in rows:
        for axis, keepdims in product(AXES, [False, True]):
            yield Case(
                f"{name} axis={axis} keepdims={keepdims}",
                lambda a, engine=engine, axis=axis, keepdims=keepdims: engine(a, axis=axis, keepdims=keepdims),
                lambda a, formula=formula, axis=axis, keepdims=keepdims: formula(a, axis=axis, keepdims=keepdims),
                (inputs((2, 3, 2)),),
            )
        for shape in [(), (1,), (4,), (3, 1)]:
            yield Case(
                f"{name} of all {shape}",
                engine,
                lambda a, formula=formula: formula(a, axis=None, keepdims=False),
                (inputs(shape),),
            )
    for axis in [None, 0, (0, 2)]:
        yield Case(
            f"var ddof=1 axis={axis}",
            lambda a, axis=axis: lib.var(a, axis=axis, ddof=1),
            lambda a, axis=axis: variance(a, axis, False, ddof=1),
            (numbers((2, 3, 2)),),
        )
    for zeros in [(), (1,), (0, 2), (0, 1, 2, 3)]:
        factors = numbers((4, 2))
        factors[list(zeros), 0] = 0.0
        yield Case(
            f"prod with {len(zeros)} zeros",
            lambda a: lib.prod(a, axis=0),
            lambda a: np.prod(a, axis=0),
            (factors,),
        )
    for axis in AXES:
        x = numbers((2, 3, 2))
        yield Case(
            f"softmax axis={axis}",
            lambda a, axis=axis: lib.softmax(a, axis),
            lambda a, axis=axis: normalised(a, axis),
            (x,),
        )
        yield Case(
            f"log_softmax axis={axis}",
            lambda a, axis=axis: lib.log_softmax(a, axis),
            lambda a, axis=axis: np.log(normalised(a, axis)),
            (x,),
        )
    for axis in [None, 0, 1, 2, -1]:
        yield Case(
            f"cumsum axis={axis}",
            lambda a, axis=axis: lib.cumsum(a, axis),
            lambda a, axis=axis: np.cumsum(a, axis),
            (numbers((2, 3, 2)),),
        )


MATRIX_PRODUCTS = [
    ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((1, 3), (3, 1)), ((1,), (1,)), ((2, 1), (1, 3)),
    ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 2)), ((5, 2, 3), (5, 3, 2)),
    ((1, 2, 3), (5, 3, 2)), ((2, 1, 2, 3), (4, 3, 2)), ((2, 1, 2, 3), (3,)), ((3,), (2, 1, 3, 2)), ((2, 2, 3), (3, 3)),
    ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((0,), (0,)),
]  # fmt: skip


def matrix_products(lib):
    for left, right in MATRIX_PRODUCTS:
        yield Case(f"matmul {left} {right}", lambda a, b: a @ b, np.matmul, (numbers(left), numbers(right, key=1)))
    square = numbers((3, 3))
    yield Case("matmul of the same leaf", lambda a: a @ a, lambda a: a @ a, (square,))
    yield Case("matmul with its transpose", lambda a: a @ a.T, lambda a: a @ a.T, (numbers((2, 3)),))


INDICES = {
    "integer": 1,
    "negative integer": -1,
    "slice": slice(0, 2),
    "step": slice(None, None, -2),
    "ellipsis": (Ellipsis, 0),
    "all": Ellipsis,
    "new axes": (None, 0, None),
    "new axis in the middle": (slice(None), None, [0, 0]),
    "single entry": (1, 2, 0),
    "empty slice": slice(0, 0),
    "repeated integers": [0, 1, 1, -1, 0],
    "array of integers": np.array([[0, 0], [1, 0]]),
    "array of one integer": np.array(1),
    "pairs": ([0, 0, 1], [2, 2, 0]),
    "pairs around a slice": ([0, 0, 1], slice(None), [1, 1, 0]),
    "truth values": np.arange(12).reshape(2, 3, 2) % 5 < 2,
    "truth values of an axis": np.array([False, True]),
    "truth values and a slice": (slice(None), [True, False, True], 0),
    "nothing chosen": np.zeros((2, 3), bool),
}


def movements(lib):
    x = numbers((2, 3, 2))
    rows: list[tuple[str, Callable, Callable]] = [
        ("transpose", lib.transpose, np.transpose),
        ("T", lambda a: a.T, np.transpose),
        ("ravel", lambda a: lib.reshape(a, -1), lambda a: a.reshape(-1)),
        ("reshape", lambda a: lib.reshape(a, (3, 4)), lambda a: a.reshape(3, 4)),
        ("reshape method", lambda a: a.reshape(1, 2, -1), lambda a: a.reshape(1, 2, 6)),
        ("swapaxes", lambda a: lib.swapaxes(a, 0, -1), lambda a: np.swapaxes(a, 0, -1)),
        ("flip", lib.flip, np.flip),
        ("broadcast_to the same", lambda a: lib.broadcast_to(a, (2, 3, 2)), lambda a: a),
        ("broadcast_to", lambda a: lib.broadcast_to(a, (2, 2, 3, 2)), lambda a: np.broadcast_to(a, (2, 2, 3, 2))),
    ]
    for axes in permutations(range(3)):
        rows.append(
            (
                f"transpose {axes}",
                lambda a, axes=axes: lib.transpose(a, axes),
                lambda a, axes=axes: np.transpose(a, axes),
            )
        )
    for n in (1, 2, 3):
        for axes in combinations((0, 1, -1), n):
            rows.append((f"flip {axes}", lambda a, axes=axes: lib.flip(a, axes), lambda a, axes=axes: np.flip(a, axes)))
    for axis in [0, 1, -1, (0, 2), (0, -1)]:
        rows.append(
            (
                f"expand_dims {axis}",
                lambda a, axis=axis: lib.expand_dims(a, axis),
                lambda a, axis=axis: np.expand_dims(a, axis),
            )
        )
    for axis in [0, 1, 2, -1]:
        rows += [
            (
                f"concatenate axis={axis}",
                lambda a, axis=axis: lib.concatenate([a, a * a, a], axis),
                lambda a, axis=axis: np.concatenate([a, a * a, a], axis),
            ),
            (
                f"stack axis={axis}",
                lambda a, axis=axis: lib.stack([a, a * a, a], axis),
                lambda a, axis=axis: np.stack([a, a * a, a], axis),
            ),
        ]
    for name, index in INDICES.items():
        rows.append((f"index {name}", lambda a, index=index: a[index], lambda a, index=index: a[index]))
    for name, engine, formula in rows:
        yield Case(name, engine, formula, (x,))

    yield Case("index a number", lambda a: a[None, ...], lambda a: a[None, ...], (numbers(()),))
    yield Case("transpose a number", lambda a: a.T, lambda a: a, (numbers(()),))
    yield Case("flip a number", lib.flip, lambda a: a, (numbers(()),))
    yield Case(
        "stack numbers",
        lambda a, b: lib.stack([a, b, a]),
        lambda a, b: np.stack([a, b, a]),
        (numbers(()), numbers((), key=1)),
    )
    for axis in [None, 0, (0, 3), -1]:
        yield Case(
            f"squeeze {axis}",
            lambda a, axis=axis: lib.squeeze(a, axis),
            lambda a, axis=axis: np.squeeze(a, axis),
            (numbers((1, 3, 2, 1)),),
        )
    for shape, to in [
        ((), (2, 3)),
        ((1,), (3,)),
        ((3,), (2, 3)),
        ((2, 1), (2, 3)),
        ((1, 3, 1), (2, 3, 4)),
        ((1,), (0,)),
    ]:
        yield Case(
            f"broadcast_to {shape} {to}",
            lambda a, to=to: lib.broadcast_to(a, to),
            lambda a, to=to: np.broadcast_to(a, to),
            (numbers(shape),),
        )
    pieces = (numbers((2, 1)), numbers((2, 3), key=1), numbers((2, 0), key=2))
    yield Case(
        "concatenate unequal", lambda *p: lib.concatenate(p, axis=1), lambda *p: np.concatenate(p, axis=1), pieces
    )


def losses(lib):
    def with_logits(z, y):
        return np.mean(np.log(1 + np.exp(z)) - z * y)

    def two_sided(p, y):
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def of_rows(z, y):
        rows = z if z.ndim == 2 else z[None]
        return -np.sum(y * np.log(normalised(rows, 1))) / len(rows)

    for shape in [(), (3,), (2, 3), (2, 1, 2)]:
        z, y, p = numbers(shape), numbers(shape, 0.1, 0.9, 1), numbers(shape, 0.1, 0.9, 2)
        yield Case(
            f"mean_squared_error {shape}",
            lib.mean_squared_error,
            lambda p, y: np.mean((p - y) * (p - y)),
            (z, y),
        )
        yield Case(f"binary_cross_entropy {shape}", lib.binary_cross_entropy, two_sided, (p, y))
        yield Case(
            f"binary_cross_entropy_with_logits {shape}", lib.binary_cross_entropy_with_logits, with_logits, (z, y)
        )
        hard = (np.arange(z.size).reshape(shape) % 2).astype(float)
        yield Case(
            f"binary_cross_entropy of 0 and 1 {shape}",
            lambda p, hard=hard: lib.binary_cross_entropy(p, hard),
            lambda p, hard=hard: two_sided(p, hard),
            (p,),
        )
    for rows in (1, 2, 4):
        z = numbers((rows, 3))
        classes = np.arange(rows) * 2 % 3
        one_hot = np.eye(3)[classes]
        soft = normalised(numbers((rows, 3), key=1), 1)
        for name, target, y in [("classes", classes, one_hot), ("one-hot", one_hot, one_hot), ("soft", soft, soft)]:
            yield Case(
                f"cross_entropy {rows} rows, {name}",
                lambda z, target=target: lib.cross_entropy(z, target),
                lambda z, y=y: of_rows(z, y),
                (z,),
            )
    z = numbers((4,))
    yield Case(
        "cross_entropy of one example", lambda z: lib.cross_entropy(z, 2), lambda z: of_rows(z, np.eye(4)[2]), (z,)
    )


@cache
def all_cases(lib) -> list[Case]:
    return [
        *functions_of_one_number(lib),
        *functions_of_two_numbers(lib),
        *reductions(lib),
        *matrix_products(lib),
        *movements(lib),
        *losses(lib),
    ]


def one_of_each(lib) -> list[Case]:
    """One case of each kind, with as many numbers as there are in any."""
    by_size = sorted(all_cases(lib), key=lambda case: sum(x.size for x in case.inputs))
    return list({case.kind: case for case in by_size}.values())


# Most promises are asked of all cases of a kind in one test.
kinds = pytest.mark.parametrize("kind", [case.kind for case in one_of_each(backprop_lib)])


def every(lib, kind, check):
    """Ask the same of every case of that kind; a failure names the case."""
    for case in all_cases(lib):
        if case.kind == kind:
            try:
                check(lib, case)
            except Exception as error:
                error.add_note(f"in the case: {case}")
                raise
