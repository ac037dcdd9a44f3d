"""Three networks with their backward passes written by hand in NumPy, and mistakes made by hand in that code.

Nothing here uses the engine's backward pass or the bank: it is what learners write. Each `bug` is one line written as
they write it.
"""

from types import SimpleNamespace

import numpy as np

import backprop_lib as lib
from backprop_lib import Tensor


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def d_sigmoid(z):
    """The derivative as many libraries define it: a function of z."""
    return sigmoid(z) * (1 - sigmoid(z))


# ---- rows, tanh then sigmoid, mean squared error --------------------


def rows_parameters(seed, m=6, d=3, h=5, o=4):
    r = np.random.default_rng(seed)
    return SimpleNamespace(
        X=r.normal(size=(m, d)), Y=r.uniform(0.1, 0.9, size=(m, o)), W1=r.normal(size=(d, h)), b1=r.normal(size=h),
        W2=r.normal(size=(h, o)), b2=r.normal(size=o),
    )  # fmt: skip


def rows_loss(p):
    W1, b1, W2, b2 = (Tensor(getattr(p, name), name=name) for name in ("W1", "b1", "W2", "b2"))
    a1 = lib.tanh(p.X @ W1 + b1)
    a2 = lib.sigmoid(a1 @ W2 + b2)
    return ((a2 - p.Y) ** 2).mean()


def rows_backward(p, bug=""):
    X, Y, W1, b1, W2, b2 = p.X, p.Y, p.W1, p.b1, p.W2, p.b2
    m, o = Y.shape
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)

    dL = 2 * (a2 - Y) / (m * o)
    if bug == "no mean":
        dL = 2 * (a2 - Y)
    if bug == "divided by m only":
        dL = 2 * (a2 - Y) / m
    if bug == "divided twice":
        dL = 2 * (a2 - Y) / (m * o) / (m * o)
    if bug == "no 2":
        dL = (a2 - Y) / (m * o)
    if bug == "2 twice":
        dL = 2 * 2 * (a2 - Y) / (m * o)
    if bug == "target minus output":
        dL = 2 * (Y - a2) / (m * o)
    dz2 = dL * a2 * (1 - a2)
    if bug == "no sigma'":
        dz2 = dL
    if bug == "sigma' at z":
        dz2 = dL * z2 * (1 - z2)
    if bug == "d_sigmoid of a2":
        dz2 = dL * d_sigmoid(a2)
    if bug == "tanh' for sigmoid":
        dz2 = dL * (1 - a2**2)
    if bug == "S2's delta":
        dz2 = (a2 - Y) / m
    if bug == "S2's delta, mean of everything":
        dz2 = (a2 - Y) / (m * o)
    if bug == "sigma' twice":
        dz2 = dL * (a2 * (1 - a2)) ** 2
    dW2 = a1.T @ dz2
    if bug == "z1 for a1":
        dW2 = z1.T @ dz2
    if bug == "X for a1":
        dW2 = X.T @ dz2
    if bug == "dW2 transposed":
        dW2 = dz2.T @ a1
    if bug == "dW2 divided again":
        dW2 = a1.T @ dz2 / (m * o)
    if bug == "minus at W2":
        dW2 = -(a1.T @ dz2)
    db2 = np.sum(dz2, axis=0)
    if bug == "b2 averaged":
        db2 = np.mean(dz2, axis=0)
    if bug == "b2 over the wrong axis":
        db2 = np.sum(dz2, axis=1)
    if bug == "b2 over everything":
        db2 = np.sum(dz2)
    if bug == "b2 not summed":
        db2 = dz2
    if bug == "b2 of the first example":
        db2 = dz2[0]
    if bug == "W2 updated":
        W2 = W2 - 0.5 * dW2
    da1 = dz2 @ W2.T
    if bug == "forgot to go back":
        da1 = np.zeros_like(a1)
    dz1 = da1 * (1 - a1**2)
    if bug == "no tanh'":
        dz1 = da1
    if bug == "tanh' at z":
        dz1 = da1 * (1 - z1**2)
    if bug == "tanh'(a)":
        dz1 = da1 * (1 - np.tanh(a1) ** 2)
    if bug == "sigmoid' for tanh":
        dz1 = da1 * a1 * (1 - a1)
    if bug == "sigmoid'(z) for tanh":
        dz1 = da1 * d_sigmoid(z1)
    if bug == "divided in each layer":
        dz1 = dz1 / (m * o)
    if bug == "no derivative anywhere":
        dz2 = dL
        dW2, db2 = a1.T @ dz2, dz2.sum(0)
        dz1 = dz2 @ W2.T
    dW1 = X.T @ dz1
    db1 = np.sum(dz1, axis=0)
    if bug == "both biases averaged":
        db1, db2 = np.mean(dz1, axis=0), np.mean(dz2, axis=0)
    if bug == "both weights transposed":
        dW1, dW2 = dW1.T, dW2.T
    if bug == "last example only, W1":
        dW1 = np.outer(X[-1], dz1[-1])
    if bug == "loop that assigns":
        for x, a, d1, d2 in zip(X, a1, dz1, dz2):
            dW1, db1, dW2, db2 = np.outer(x, d1), d1, np.outer(a, d2), d2
    if bug == "backward twice":
        dW1, db1, dW2, db2 = dW1 + dW1, db1 + db1, dW2 + dW2, db2 + db2
    if bug == "W1 never computed":
        dW1 = None
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


ROWS_BUGS = {
    "no mean": ({"one_over_m_missing"}, "mean"),
    "divided by m only": ({"mean_over_examples_only"}, "mean"),
    "divided twice": ({"one_over_m_twice"}, "mean"),
    "no 2": ({"two_missing"}, "^ 2"),
    "2 twice": ({"two_doubled", "accumulated_twice"}, "^ 2"),
    "target minus output": ({"sign_flipped"}, "the error"),
    "no sigma'": ({"activation_derivative_missing"}, "sigmoid"),
    "sigma' at z": ({"derivative_at_z"}, "sigmoid"),
    "d_sigmoid of a2": ({"derivative_at_a"}, "sigmoid"),
    "tanh' for sigmoid": ({"other_activation"}, "sigmoid"),
    "S2's delta": ({"cross_entropy_delta"}, "b2"),
    "S2's delta, mean of everything": ({"cross_entropy_delta"}, "b2"),
    "sigma' twice": ({"derivative_twice"}, "sigmoid"),
    "z1 for a1": ({"pre_activations_used"}, "W2"),
    "X for a1": ({"wrong_activations"}, "W2"),
    "dW2 transposed": ({"gradient_transposed"}, "W2"),
    "dW2 divided again": ({"one_over_m_twice"}, "W2"),
    "minus at W2": ({"sign_flipped"}, "W2"),
    "b2 averaged": ({"bias_averaged"}, "b2"),
    "b2 over the wrong axis": ({"bias_wrong_axis"}, "b2"),
    "b2 over everything": ({"bias_summed_over_everything"}, "b2"),
    "b2 not summed": ({"bias_not_summed"}, "b2"),
    "b2 of the first example": ({"bias_not_summed"}, "b2"),
    "W2 updated": ({"updated_weight"}, "W2"),
    "forgot to go back": ({"gradient_stopped"}, "tanh"),
    "no tanh'": ({"activation_derivative_missing"}, "tanh"),
    "tanh' at z": ({"derivative_at_z"}, "tanh"),
    "tanh'(a)": ({"derivative_at_a"}, "tanh"),
    "sigmoid' for tanh": ({"other_activation"}, "tanh"),
    "sigmoid'(z) for tanh": ({"other_activation"}, "tanh"),
    "divided in each layer": ({"one_over_m_twice"}, "@ W1 + b1"),
    "no derivative anywhere": ({"activation_derivative_missing"}, "everywhere"),
    "both biases averaged": ({"bias_averaged"}, "everywhere: b1 and b2"),
    "both weights transposed": ({"gradient_transposed"}, "everywhere: W1 and W2"),
    "last example only, W1": ({"one_example_only"}, "W1"),
    "loop that assigns": ({"one_example_only"}, "everywhere"),
    "backward twice": ({"two_doubled", "accumulated_twice"}, ""),
    "W1 never computed": ({"gradient_stopped"}, "W1"),
}


# ---- columns, ReLU then softmax, cross-entropy --------------------


def columns_parameters(seed, m=7, d=3, h=5, c=4):
    r = np.random.default_rng(seed)
    labels = r.integers(c, size=m)
    return SimpleNamespace(
        X=r.normal(size=(d, m)), labels=labels, Y=np.eye(c)[labels].T, W1=r.normal(size=(h, d)),
        b1=r.normal(size=(h, 1)), W2=r.normal(size=(c, h)), b2=r.normal(size=(c, 1)),
    )  # fmt: skip


def columns_loss(p):
    W1, b1, W2, b2 = (Tensor(getattr(p, name), name=name) for name in ("W1", "b1", "W2", "b2"))
    a1 = lib.relu(W1 @ p.X + b1)
    return lib.cross_entropy((W2 @ a1 + b2).T, p.labels)


def columns_backward(p, bug=""):
    X, Y, W1, b1, W2, b2 = p.X, p.Y, p.W1, p.b1, p.W2, p.b2
    c, m = Y.shape
    z1 = W1 @ X + b1
    a1 = np.maximum(z1, 0)
    z2 = W2 @ a1 + b2
    e = np.exp(z2 - z2.max(axis=0))
    prob = e / e.sum(axis=0)

    dz2 = (prob - Y) / m
    if bug == "no 1/m":
        dz2 = prob - Y
    if bug == "mean of everything":
        dz2 = (prob - Y) / (m * c)
    if bug == "label minus probability":
        dz2 = (Y - prob) / m
    if bug == "times softmax'":
        dz2 = (prob - Y) * prob * (1 - prob) / m
    if bug == "delta of the squared error":
        dz2 = 2 * (prob - Y) * prob * (1 - prob) / m
    if bug == "softmax entry by entry":
        dprob = -Y / prob / m
        dz2 = dprob * prob * (1 - prob)
    dW2 = dz2 @ a1.T
    if bug == "z1 for a1":
        dW2 = dz2 @ z1.T
    if bug == "W2 outer product the wrong way round":
        dW2 = a1 @ dz2.T
    if bug == "W2 of the last example":
        dW2 = dz2[:, -1:] @ a1[:, -1:].T
    db2 = dz2.sum(axis=1, keepdims=True)
    da1 = W2.T @ dz2
    if bug == "W2 updated":
        da1 = (W2 - 0.1 * dW2).T @ dz2
    mask = z1 > 0
    if bug == "no mask":
        mask = np.ones_like(z1)
    if bug == "mask inverted":
        mask = z1 <= 0
    if bug == "mask of the gradient":
        mask = da1 > 0
    if bug == "sigmoid' for relu":
        mask = a1 * (1 - a1)
    dz1 = da1 * mask
    dW1 = dz1 @ X.T
    db1 = dz1.sum(axis=1, keepdims=True)
    if bug == "b1 averaged":
        db1 = dz1.mean(axis=1, keepdims=True)
    if bug == "b1 without keepdims":
        db1 = dz1.sum(axis=1)
    if bug == "b1 over the wrong axis":
        db1 = dz1.sum(axis=0, keepdims=True)
    if bug == "b1 not summed":
        db1 = dz1
    if bug == "dW1 divided by m again":
        dW1 = dW1 / m
    if bug == "all weights divided by m again":
        dW1, dW2 = dW1 / m, dW2 / m
    if bug == "no 1/m in the biases":
        db1, db2 = db1 * m, db2 * m
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


COLUMNS_BUGS = {
    "no 1/m": ({"one_over_m_missing"}, "cross_entropy"),
    "mean of everything": ({"mean_over_outputs_too"}, ""),
    "label minus probability": ({"sign_flipped"}, "the error"),
    "times softmax'": ({"squared_error_delta"}, ""),
    "delta of the squared error": ({"squared_error_delta"}, ""),
    "softmax entry by entry": ({"softmax_elementwise"}, ""),
    "z1 for a1": ({"pre_activations_used"}, "W2"),
    "W2 outer product the wrong way round": ({"gradient_transposed"}, "W2"),
    "W2 of the last example": ({"one_example_only"}, "W2"),
    "W2 updated": ({"updated_weight"}, "W2"),
    "no mask": ({"relu_mask_missing"}, "relu"),
    "mask inverted": ({"relu_mask_inverted"}, "relu"),
    "mask of the gradient": ({"relu_mask_of_the_gradient"}, "relu"),
    "sigmoid' for relu": ({"other_activation"}, "relu"),
    "b1 averaged": ({"bias_averaged"}, "b1"),
    "b1 without keepdims": ({"wrong_shape"}, "b1"),
    "b1 over the wrong axis": ({"bias_wrong_axis"}, "b1"),
    "b1 not summed": ({"bias_not_summed"}, "b1"),
    "dW1 divided by m again": ({"one_over_m_twice"}, "W1"),
    "all weights divided by m again": ({"one_over_m_twice"}, "everywhere: W1 and W2"),
    "no 1/m in the biases": ({"one_over_m_missing"}, "everywhere: b1 and b2"),
}


# ---- a recurrent weight, used three times, and a skip connection --------------------


def recurrent_parameters(seed, h=4, m=5):
    r = np.random.default_rng(seed)
    return SimpleNamespace(
        X=r.normal(size=(m, h)), Y=r.normal(size=(m, 3)), W=r.normal(size=(h, h)), S=r.normal(size=(h, h)),
        V=r.normal(size=(h, 3)),
    )  # fmt: skip


def recurrent_loss(p):
    W, S, V = (Tensor(getattr(p, name), name=name) for name in ("W", "S", "V"))
    s = p.X @ S
    h = lib.tanh(s @ W)
    h = lib.tanh(h @ W)
    h = lib.tanh(h @ W)
    return 0.5 * lib.square((h + s) @ V - p.Y).sum() / len(p.X)


def recurrent_backward(p, bug=""):
    X, Y, W, S, V = p.X, p.Y, p.W, p.S, p.V
    m = len(X)
    s = X @ S
    h1 = np.tanh(s @ W)
    h2 = np.tanh(h1 @ W)
    h3 = np.tanh(h2 @ W)
    out = (h3 + s) @ V

    d = (out - Y) / m
    if bug == "2 although there is a half":
        d = 2 * (out - Y) / m
    dV = (h3 + s).T @ d
    dh3 = d @ V.T
    ds = d @ V.T
    W_back = W if bug == "W not transposed" else W.T
    dz3 = dh3 * (1 - h3**2)
    dW = h2.T @ dz3
    dz2 = dz3 @ W_back * (1 - h2**2)
    if bug == "W overwritten":
        dW = h1.T @ dz2
    else:
        dW = dW + h1.T @ dz2
    dz1 = dz2 @ W_back * (1 - h1**2)
    if bug == "W overwritten":
        dW = s.T @ dz1
    elif bug != "the first step of W forgotten":
        dW = dW + s.T @ dz1
    if bug == "the skip forgotten":
        ds = dz1 @ W_back
    else:
        ds = ds + dz1 @ W_back
    if bug == "s assigned by the skip":
        ds = d @ V.T
    dS = X.T @ ds
    return {"W": dW, "S": dS, "V": dV}


RECURRENT_BUGS = {
    "2 although there is a half": ({"two_doubled", "accumulated_twice"}, "square"),
    "W not transposed": ({"weight_not_transposed"}, "everywhere"),
    "W overwritten": ({"overwritten"}, "W"),
    "the first step of W forgotten": ({"path_forgotten"}, "W"),
    "the skip forgotten": ({"overwritten", "path_forgotten"}, "@ S"),
    "s assigned by the skip": ({"overwritten", "path_forgotten"}, "@ S"),
}

NETWORKS = {
    "rows": (rows_parameters, rows_loss, rows_backward, ROWS_BUGS),
    "columns": (columns_parameters, columns_loss, columns_backward, COLUMNS_BUGS),
    "recurrent": (recurrent_parameters, recurrent_loss, recurrent_backward, RECURRENT_BUGS),
}
