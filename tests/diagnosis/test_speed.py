"""A check answers at once: it costs as much as some hundred passes through the network, side by side."""

from time import process_time

import numpy as np

import backprop_lib as lib
from backprop_lib import Tensor
from backprop_lib.diagnosis import diagnose

ALLOWED = 1500  # times one forward and backward pass of the same small network


def best_of(f, repeats=15):
    times = []
    for _ in range(repeats):
        start = process_time()
        f()
        times.append(process_time() - start)
    return min(times)


def network(sizes=(2, 4, 1), m=4):
    r = np.random.default_rng(0)
    X, y = r.normal(size=(m, sizes[0])), r.uniform(size=(m, sizes[-1]))
    W1, b1, W2, b2 = (
        Tensor(r.normal(size=shape), name=name)
        for name, shape in zip(("W1", "b1", "W2", "b2"), (sizes[:2], sizes[1:2], sizes[1:], sizes[2:]))
    )
    build = lambda: lib.mean_squared_error(lib.sigmoid(lib.tanh(X @ W1 + b1) @ W2 + b2), y)  # noqa: E731
    build().backward()
    return build, {t.name: t.grad.copy() for t in (W1, b1, W2, b2)}


def claims(true):
    noise = np.random.default_rng(1)
    return {
        "right": true,
        "one bias averaged": {**true, "b1": true["b1"] / 4},
        "one entry": {**true, "W1": true["W1"] * [[1.01, 1, 1, 1], [1, 1, 1, 1]]},
        "noise": {name: g * (1 + 0.1 * noise.normal(size=g.shape)) for name, g in true.items()},
        "two mistakes": {**{name: -g for name, g in true.items()}, "b1": -true["b1"] / 4},
    }


def test_2_4_1_side_by_side():
    build, true = network()
    loss = build()

    def a_hundred_passes():
        for _ in range(100):
            build().backward()

    one_pass = best_of(a_hundred_passes, 5) / 100
    for what, claimed in claims(true).items():
        ratio = best_of(lambda claimed=claimed: diagnose(loss, claimed)) / one_pass
        assert ratio < ALLOWED, f"{what}: {ratio:.0f} passes"


def test_the_time_does_not_explode_with_size():
    """A 100 times larger network costs about what its arrays cost, not more places."""
    small, large = (network(sizes, m) for sizes, m in (((2, 4, 1), 4), ((20, 40, 10), 40)))
    times = [
        best_of(lambda net=net: diagnose(net[0](), {**net[1], "b1": net[1]["b1"] * 1.01}), 5) for net in (small, large)
    ]
    assert times[1] < 20 * times[0]
