"""A small library for understanding backpropagation: a graph engine and a gradient checker that hide nothing.

    from backprop_lib import Tensor
    w = Tensor(3.0, name="w")
    loss = (w * 2 + 1 - 4) ** 2
    loss.backward()
    w.grad            # 12.0

Importing this package loads NumPy and the core; pictures and widgets load when they are first imported.
"""

from . import counting
from .anomalies import detect_anomaly
from .forward_mode import jvp
from .functional import (
    abs,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    broadcast_to,
    clip,
    concatenate,
    cos,
    cross_entropy,
    cumsum,
    exp,
    expand_dims,
    flip,
    leaky_relu,
    log,
    log_softmax,
    logsumexp,
    matmul,
    max,
    maximum,
    mean,
    mean_squared_error,
    min,
    minimum,
    prod,
    relu,
    reshape,
    sigmoid,
    sign,
    sin,
    softmax,
    softplus,
    sqrt,
    square,
    squeeze,
    stack,
    sum,
    swapaxes,
    tanh,
    transpose,
    var,
    where,
)
from .graph import Edge, Graph, Step
from .modes import no_grad
from .tensor import Tensor, gradients_of

__version__ = "0.1.0"
