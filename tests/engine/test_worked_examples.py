"""The worked examples A to F of the course, each figure to the digits that are printed there."""

import numpy as np
import pytest


def shows(value, *figures):
    """Each entry, rounded to the digits of its printed figure, is that figure."""
    entries = np.ravel(value.data if hasattr(value, "operation") else value)
    assert len(entries) == len(figures), (entries, figures)
    for entry, figure in zip(entries, figures, strict=True):
        text = str(figure)
        if "e" in text:
            assert (
                f"{entry:.{len(text.split('e')[0].split('.')[1])}e}"
                == f"{float(text):.{len(text.split('e')[0].split('.')[1])}e}"
            )
        else:
            decimals = len(text.split(".")[1]) if "." in text else 0
            assert abs(entry - float(text)) <= 0.5 * 10.0**-decimals * (1 + 1e-9), (entry, figure)
            if not decimals:
                assert entry == float(text)


def leaves(lib, **values):
    return [lib.Tensor(value, name=name) for name, value in values.items()]


def test_the_referee_is_strict(lib):
    shows(0.1295724, "0.129572")
    for wrong in ("0.129573", "0.13957", "1.129572"):
        with pytest.raises(AssertionError):
            shows(0.1295724, wrong)
    with pytest.raises(AssertionError):
        shows(6.0000001, "6")
    with pytest.raises(AssertionError):
        shows([1.0, 2.0], "1")


def test_a_one_relu_neuron(lib):
    x, w, b, y = leaves(lib, x=2, w=3, b=1, y=4)
    z = w * x + b
    a = lib.relu(z)
    loss = (a - y) ** 2
    loss.backward()
    for value, figure in [(z, "7"), (a, "7"), (loss, "9")]:
        shows(value, figure)
    for t, figure in [(a, "6"), (z, "6"), (w, "12"), (b, "6"), (x, "18"), (y, "-6")]:
        shows(t.grad, figure)
    (slope,) = [e.local for e in lib.Graph(loss).edges if e.target is a]
    shows(slope, "1")


def test_b_one_sigmoid_neuron(lib):
    w, b = leaves(lib, w=1.0, b=0.5)
    x, y = 2.0, 0.0
    z = w * x + b
    guess = lib.sigmoid(z)
    loss = 0.5 * (guess - y) ** 2
    loss.backward()
    for value, figure in [(z, "2.5"), (guess, "0.924142"), (loss, "0.427019")]:
        shows(value, figure)
    for t, figure in [(guess, "0.924142"), (z, "0.064786"), (w, "0.129572"), (b, "0.064786")]:
        shows(t.grad, figure)
    graph = lib.Graph(loss)
    (slope,) = [e.local for e in graph.edges if e.target is guess]
    shows(slope, "0.070104")

    w.data -= 0.5 * w.grad
    b.data -= 0.5 * b.grad
    graph.forward()
    for value, figure in [(w, "0.935214"), (b, "0.467607"), (z, "2.338036"), (guess, "0.911979"), (loss, "0.415852")]:
        shows(value, figure)

    w.data, b.data = -3.0, -3.0
    graph.forward()
    for value, figure in [(z, "-9"), (guess, "0.000123395"), (loss, "7.6131e-9")]:
        shows(value, figure)


def test_c_two_sigmoid_neurons_in_a_row(lib):
    w1, w2 = leaves(lib, w1=0.5, w2=-0.3)
    x, y = 1.0, 1.0
    z1 = w1 * x
    h = lib.sigmoid(z1)
    z2 = w2 * h
    guess = lib.sigmoid(z2)
    loss = 0.5 * (guess - y) ** 2
    loss.backward()
    for value, figure in [(z1, "0.5"), (h, "0.622459"), (z2, "-0.186738"), (guess, "0.453451"), (loss, "0.149358")]:
        shows(value, figure)
    for t, figure in [
        (guess, "-0.546549"),
        (z2, "-0.135453"),
        (w2, "-0.084314"),
        (h, "0.040636"),
        (z1, "0.009550"),
        (w1, "0.009550"),
    ]:
        shows(t.grad, figure)
    assert 8.5 < abs(w2.grad / w1.grad) < 9.5
    w1.data -= w1.grad
    w2.data -= w2.grad
    shows(w2, "-0.215686")
    shows(w1, "0.490450")


def test_d_relu_then_softmax_with_cross_entropy(lib):
    x = np.array([1.5, -0.5])
    W1, b1, W2, b2 = leaves(
        lib,
        W1=[[0.5, -0.2], [-0.3, 0.4], [0.8, 0.1]],
        b1=[0, 0, 0],
        W2=[[0.6, -0.4, 0.2], [-0.1, 0.3, 0.5]],
        b2=[0, 0.1],
    )
    Z1 = W1 @ x + b1
    A1 = lib.relu(Z1)
    Z2 = W2 @ A1 + b2
    loss = lib.cross_entropy(Z2, 0)
    loss.backward()
    shows(Z1, "0.85", "-0.65", "1.15")
    shows(A1, "0.85", "0", "1.15")
    shows(Z2, "0.74", "0.59")
    shows(lib.softmax(Z2), "0.537430", "0.462570")
    shows(loss, "0.620957")
    shows(Z2.grad, "-0.462570", "0.462570")
    shows(W2.grad, "-0.393185", "0", "-0.531956", "0.393185", "0", "0.531956")
    np.testing.assert_array_equal(b2.grad, Z2.grad)
    shows(A1.grad, "-0.323799", "0.323799", "0.138771")
    shows(Z1.grad, "-0.323799", "0", "0.138771")
    shows(W1.grad, "-0.485699", "0.161900", "0", "0", "0.208157", "-0.069386")
    np.testing.assert_array_equal(b1.grad, Z1.grad)


def test_d_in_single_steps(lib):
    """The same loss as −log of the softmax's entry: the cancellation ŷ − y comes out of the graph by itself."""
    Z2 = lib.Tensor([0.74, 0.59])
    (-lib.log(lib.softmax(Z2)[0])).backward()
    shows(Z2.grad, "-0.462570", "0.462570")


def example_e(lib):
    return leaves(
        lib,
        W1=[[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]],
        b1=[0.1, 0.1, 0.1],
        W2=[[0.1, 0.2, -0.5]],
        b2=[0.1],
    )


def test_e_relu_then_sigmoid_with_binary_cross_entropy(lib):
    x, y = np.array([1, 0.5]), np.array([1.0])
    W1, b1, W2, b2 = example_e(lib)
    z1 = W1 @ x + b1
    a1 = lib.relu(z1)
    z2 = W2 @ a1 + b2
    guess = lib.sigmoid(z2)
    loss = lib.binary_cross_entropy(guess, y)
    loss.backward()
    shows(z1, "0.45", "0.4", "-0.1")
    shows(a1, "0.45", "0.4", "0")
    shows(z2, "0.225")
    shows(guess, "0.556014")
    shows(loss, "0.586962")
    shows(z2.grad, "-0.443986")
    shows(W2.grad, "-0.199794", "-0.177594", "0")
    shows(a1.grad, "-0.044399", "-0.088797", "0.221993")
    shows(z1.grad, "-0.044399", "-0.088797", "0")
    shows(W1.grad, "-0.044399", "-0.022199", "-0.088797", "-0.044399", "0", "0")
    np.testing.assert_array_equal(b2.grad, z2.grad)
    np.testing.assert_array_equal(b1.grad, z1.grad)
    assert [t.grad.shape for t in (W1, b1, W2, b2)] == [(3, 2), (3,), (1, 3), (1,)]
    np.testing.assert_allclose(z2.grad, guess.data - y, rtol=1e-14)  # the cancellation


def test_e_as_columns_and_from_logits(lib):
    """S4 writes vectors as columns; and the loss from the logit gives the same figures."""
    x, y = np.array([[1.0], [0.5]]), np.array([[1.0]])
    W1, b1, W2, b2 = example_e(lib)
    z2 = W2 @ lib.relu(W1 @ x + b1.reshape(3, 1)) + b2.reshape(1, 1)
    loss = lib.binary_cross_entropy_with_logits(z2, y)
    loss.backward()
    shows(loss, "0.586962")
    shows(z2.grad, "-0.443986")
    shows(W1.grad, "-0.044399", "-0.022199", "-0.088797", "-0.044399", "0", "0")
    shows(b1.grad, "-0.044399", "-0.088797", "0")
    assert z2.shape == (1, 1)


def test_f_two_layers_over_a_batch(lib):
    """S2 starts its backward pass from a2 − y and averages over the m rows: the gradient of binary cross-entropy. With
    the squared error that it names, the factor 2·σ′(z2) belongs there too."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 2)), rng.integers(0, 2, size=(6, 1)).astype(float)
    W1, b1, W2, b2 = leaves(lib, W1=rng.normal(size=(2, 4)), b1=np.zeros(4), W2=rng.normal(size=(4, 1)), b2=np.zeros(1))

    def forward():
        a1 = lib.sigmoid(X @ W1 + b1)
        return a1, a1 @ W2 + b2

    def by_hand(dz2):
        a1 = forward()[0].data
        dz1 = dz2 @ W2.data.T * a1 * (1 - a1)
        return X.T @ dz1, dz1.sum(axis=0), a1.T @ dz2, dz2.sum(axis=0)

    _, z2 = forward()
    a2 = lib.sigmoid(z2)
    of_s2 = by_hand((a2.data - y) / len(X))
    lib.binary_cross_entropy(a2, y).backward()
    for t, expected in zip((W1, b1, W2, b2), of_s2, strict=True):
        np.testing.assert_allclose(t.grad, expected, rtol=1e-12)
        t.zero_grad()

    _, z2 = forward()
    a2 = lib.sigmoid(z2)
    lib.mean_squared_error(a2, y).backward()
    slope = a2.data * (1 - a2.data)
    for t, expected, bug in zip((W1, b1, W2, b2), by_hand(2 * (a2.data - y) * slope / len(X)), of_s2, strict=True):
        np.testing.assert_allclose(t.grad, expected, rtol=1e-12)
        assert np.max(np.abs(t.grad - bug) / np.maximum(np.abs(t.grad), np.abs(bug))) > 0.5


def test_g_several_paths_are_added(lib):
    """f = (x + y)·z at −2, 5, −4; and x² + x³ by two paths."""
    x, y, z = leaves(lib, x=-2, y=5, z=-4)
    f = (x + y) * z
    f.backward()
    shows(f, "-12")
    for t, figure in [(x, "-4"), (y, "-4"), (z, "3")]:
        shows(t.grad, figure)
    u = lib.Tensor(2.0)
    (u * u + u * u * u).backward()
    shows(u.grad, "16")


def test_h_factors_over_a_hundred_layers(lib):
    for factor, product in [(0.95, "0.00592"), (1.05, "131.5")]:
        x = lib.Tensor(1.0)
        top = x
        for _ in range(100):
            top = top * factor
        top.backward()
        shows(x.grad, product)
