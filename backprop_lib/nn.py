"""Layers, and networks made of them. Names and shapes follow PyTorch: a Linear layer's weight has shape (out, in).

rng = np.random.default_rng(0)
model = Sequential(Linear(2, 4, rng), Sigmoid(), Linear(4, 1, rng), Sigmoid())
prediction = model(X)                 # X of shape (examples, 2), prediction of shape (examples, 1)
dict(model.named_parameters())        # "0.weight", "0.bias", "2.weight", "2.bias"
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from . import functional, initializers
from .tensor import Tensor


class Module:
    """A layer or a network: parameters, and a function `forward` that uses them.

    Write your own by assigning Tensors, other modules or lists of them to attributes and defining `forward`.
    """

    def forward(self, x: Any) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define forward(self, x).")

    def __call__(self, x: Any) -> Tensor:
        return self.forward(x)

    def parameters(self) -> list[Tensor]:
        """Every Tensor to train, each once, in a fixed order."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """(name, Tensor) pairs; a name is the path to a parameter, such as "0.weight". A shared one is listed once."""
        found: dict[Tensor, str] = {}
        for name, member in self._members():
            if isinstance(member, Module):
                inner = [(f"{name}.{path}", parameter) for path, parameter in member.named_parameters()]
            elif isinstance(member, Tensor) and member.requires_grad:
                inner = [(name, member)]
            else:
                inner = []
            for path, parameter in inner:
                found.setdefault(parameter, path)
        return [(name, parameter) for parameter, name in found.items()]

    def _members(self) -> Iterator[tuple[str, Any]]:
        for name, value in vars(self).items():
            if isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", item) for i, item in enumerate(value))
            else:
                yield name, value

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of every parameter's value, by name."""
        return {name: parameter.numpy() for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter from arrays by name, as `state_dict` gives them; nothing changes if one does not fit."""
        own = dict(self.named_parameters())
        missing, unknown = [n for n in own if n not in state], [n for n in state if n not in own]
        if missing or unknown:
            raise ValueError(
                f"The state does not belong to this network, whose parameters are {list(own)}. "
                f"Missing: {missing or 'none'}; unknown: {unknown or 'none'}."
            )
        for name, parameter in own.items():
            if np.shape(state[name]) != parameter.shape:
                raise ValueError(f"{name} has shape {parameter.shape}; the state holds {np.shape(state[name])}.")
        for name, parameter in own.items():
            parameter.data = state[name]

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Linear(Module):
    """y = x @ Wᵀ + b: each of `out_features` neurons weighs all `in_features` inputs.

    weight : (out_features, in_features), from `initializer(shape, rng)`, by default `xavier_normal`.
    bias : (out_features,), from `bias_initializer`, by default zeros; None with bias=False.
    x : (…, in_features), one example or a batch of rows; y : (…, out_features).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        rng: np.random.Generator | None = None,
        bias: bool = True,
        initializer: Callable[..., np.ndarray] = initializers.xavier_normal,
        bias_initializer: Callable[..., np.ndarray] = initializers.zeros,
        dtype: Any = np.float64,
    ):
        if not (isinstance(in_features, int) and isinstance(out_features, int) and min(in_features, out_features) > 0):
            raise ValueError(
                f"Linear(in_features, out_features) needs two whole numbers of at least 1; "
                f"given were {in_features!r} and {out_features!r}."
            )
        self.in_features, self.out_features = in_features, out_features
        weight = initializer((out_features, in_features), rng)
        self.weight = Tensor(np.asarray(weight, dtype), name="weight")
        self.bias = Tensor(np.asarray(bias_initializer((out_features,), rng), dtype), name="bias") if bias else None

    def forward(self, x: Any) -> Tensor:
        if not isinstance(x, Tensor):
            x = Tensor(x, requires_grad=False)
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(
                f"{self} expects inputs of shape (…, {self.in_features}), a row for each example; given was {x.shape}."
                + (" Its transpose would fit: x.T." if x.ndim == 2 and x.shape[0] == self.in_features else "")
            )
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias

    def __repr__(self) -> str:
        without = ", bias=False" if self.bias is None else ""
        return f"Linear({self.in_features}, {self.out_features}{without})"


class Sequential(Module):
    """Layers one after another: each gets what the one before returns.

    layers : modules, or functions of one Tensor. The layers are numbered from 0, and each parameter's `name` becomes
    its path, such as "0.weight", so that tables and pictures show it.
    """

    def __init__(self, *layers: Callable[[Any], Any]):
        for position, layer in enumerate(layers):
            if isinstance(layer, type) or not callable(layer):
                hint = f" Write {layer.__name__}(…) with brackets." if isinstance(layer, type) else ""
                raise TypeError(f"Sequential takes layers; number {position} is {layer!r}.{hint}")
        self.layers = layers
        for name, parameter in self.named_parameters():
            parameter.name = name

    def _members(self) -> Iterator[tuple[str, Any]]:
        return ((str(position), layer) for position, layer in enumerate(self.layers))

    def forward(self, x: Any) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, position: int) -> Any:
        return self.layers[position]

    def __repr__(self) -> str:
        lines = [f"  {name}: " + repr(layer).replace("\n", "\n  ") for name, layer in self._members()]
        return "\n".join(["Sequential(", *lines, ")"])


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ)"""

    def forward(self, x: Any) -> Tensor:
        return functional.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: Any) -> Tensor:
        return functional.tanh(x)


class ReLU(Module):
    """max(x, 0)"""

    def forward(self, x: Any) -> Tensor:
        return functional.relu(x)


class LeakyReLU(Module):
    """x where it is positive, else negative_slope · x."""

    def __init__(self, negative_slope: float = 0.01):
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Tensor:
        return functional.leaky_relu(x, self.negative_slope)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"


class Softplus(Module):
    """log(1 + eˣ), a smooth ReLU."""

    def forward(self, x: Any) -> Tensor:
        return functional.softplus(x)
