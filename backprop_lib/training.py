"""The training loop: forward, backward, step, and a record of what happened."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .graph import Graph
from .optim import Optimizer, clip_gradients_by_norm, gradient_norm
from .tensor import Tensor


@dataclass(repr=False)
class History:
    """What happened in a training.

    loss : (epochs + 1,), over all examples; loss[k] is the loss after k epochs, loss[0] that before training.
    gradient_norms : by parameter name, (epochs,); entry k is the norm of its gradient after k epochs, before any
    clipping, averaged over the batches of the epoch that follows. One entry more if a gradient became nan or infinite.
    parameters : by parameter name, (kept, …): the values after each of `kept_epochs` epochs.
    stopped : why training ended before its last epoch, in a sentence; None if it did not.
    """

    loss: np.ndarray
    gradient_norms: dict[str, np.ndarray]
    parameters: dict[str, np.ndarray] = field(default_factory=dict)
    kept_epochs: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    stopped: str | None = None

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.loss) - 1

    def layer_norms(self) -> dict[str, np.ndarray]:
        """Gradient norms by layer: "0.weight" and "0.bias" together are layer "0"."""
        squares: dict[str, Any] = {}
        for name, norms in self.gradient_norms.items():
            layer = name.rpartition(".")[0] or name
            squares[layer] = squares.get(layer, 0) + norms**2
        return {layer: np.sqrt(total) for layer, total in squares.items()}

    def __repr__(self) -> str:
        text = f"{self.epochs} epochs, loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        return f"History({text}{f'; {self.stopped}' if self.stopped else ''})"


def train(
    model: Callable[[Any], Tensor],
    loss: Callable[[Tensor, Any], Tensor],
    inputs: Any,
    targets: Any,
    optimizer: Optimizer,
    epochs: int,
    *,
    batch_size: int | None = None,
    rng: np.random.Generator | None = None,
    max_norm: float | None = None,
    keep_every: int | None = None,
    callback: Callable[[int, float], Any] | None = None,
    replay: bool = False,
) -> History:
    """Train `model` so that `loss(model(inputs), targets)` becomes small. The optimizer changes its parameters.

    inputs, targets : one row for each example. epochs : how often each example is used.
    batch_size, rng : instead of all examples at once, use batches of this size in an order that rng shuffles anew for
    each epoch; the last batch of an epoch may be smaller.
    max_norm : clip the gradients to this joint norm.
    keep_every : keep a copy of the parameters every so many epochs, in `History.parameters`.
    callback : called as callback(epochs done, loss), also before the first epoch; training ends if it returns True.
    `print_progress` makes one that prints.
    replay : build the graph once and recompute it in each epoch, which is faster. Only for all examples at once, and
    only if the model takes the same path in each epoch: an `if` on a value, or a new random number, would not be seen.

    Stops as soon as the loss or a gradient is nan or infinite, before that gradient does any harm, and says so in
    `History.stopped`.
    """
    inputs, targets = _rows(inputs, "inputs"), _rows(targets, "targets")
    _check(inputs, targets, epochs, batch_size, rng, keep_every, replay)
    everything = Tensor(inputs, requires_grad=False)
    graph = Graph(loss(model(everything), targets)) if replay else None
    record = _Record(optimizer.parameters, keep_every)

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported by record.stopped
        for epoch in range(epochs + 1):
            total = graph.forward() if graph else loss(model(everything), targets)
            record.after_epoch(epoch, total.item())
            if callback is not None and callback(epoch, total.item()) is True:
                record.stopped = record.stopped or f"The callback ended the training after {epoch} epochs."
            if record.stopped or epoch == epochs:
                break
            if batch_size is None:
                batches: Iterator[Tensor] = iter([total])
            else:
                batches = (loss(model(inputs[b]), targets[b]) for b in _shuffled(len(inputs), batch_size, rng))
            for value in batches:
                optimizer.zero_grad()
                (graph or value).backward()
                record.after_backward(epoch)
                if record.stopped:
                    break
                if max_norm is not None:
                    clip_gradients_by_norm(optimizer.parameters, max_norm)
                optimizer.step()
    return record.history()


def print_progress(every: int = 500) -> Callable[[int, float], None]:
    """A callback for `train` that prints a line with the loss every so many epochs."""

    def show(epoch: int, loss: float) -> None:
        if epoch % every == 0:
            print(f"epoch {epoch:6d}   loss {loss:.4g}")

    return show


class _Record:
    """Collects a History while training runs."""

    def __init__(self, parameters: list[Tensor], keep_every: int | None):
        names = [p.name or f"parameter {i}" for i, p in enumerate(parameters)]
        if len(set(names)) < len(names):
            names = [f"parameter {i}" for i in range(len(parameters))]
        self.parameters = dict(zip(names, parameters))
        self.keep_every = keep_every
        self.stopped: str | None = None
        self.losses: list[float] = []
        self.norms: list[list[list[float]]] = []  # for each epoch, for each of its batches, one for each parameter
        self.kept: list[tuple[int, list[np.ndarray]]] = []

    def after_epoch(self, epoch: int, loss: float) -> None:
        self.losses.append(loss)
        if self.keep_every and epoch % self.keep_every == 0:
            self.kept.append((epoch, [p.numpy() for p in self.parameters.values()]))
        if not math.isfinite(loss):
            before = f" (it was {self.losses[-2]:.4g} one epoch before)" if epoch else ""
            self.stopped = self.stopped or (
                f"The loss became {loss} after {epoch} epochs{before}. Often the learning rate is too large: "
                "try a tenth of it, or clip the gradients with max_norm."
            )
        self.norms.append([])

    def after_backward(self, epoch: int) -> None:
        norms = [np.nan if p.grad is None else gradient_norm([p.grad]) for p in self.parameters.values()]
        self.norms[-1].append(norms)
        for (name, p), norm in zip(self.parameters.items(), norms):
            if not math.isfinite(norm) and p.grad is not None:
                self.stopped = (
                    f"The gradient of {name} became {norm} after {epoch} epochs, with a loss of {self.losses[-1]:.4g}. "
                    "detect_anomaly() shows the operation where it first arose."
                )

    def history(self) -> History:
        rows = [np.mean(batches, axis=0) for batches in self.norms if batches]
        table = np.array(rows).reshape(len(rows), len(self.parameters))
        return History(
            loss=np.array(self.losses),
            gradient_norms={name: table[:, i] for i, name in enumerate(self.parameters)},
            parameters={name: np.array([v[i] for _, v in self.kept]) for i, name in enumerate(self.parameters)}
            if self.keep_every
            else {},
            kept_epochs=np.array([epoch for epoch, _ in self.kept], int),
            stopped=self.stopped,
        )


def _shuffled(n: int, batch_size: int, rng: np.random.Generator | None) -> Iterator[np.ndarray]:
    assert rng is not None
    order = rng.permutation(n)
    return (order[start : start + batch_size] for start in range(0, n, batch_size))


def _rows(data: Any, name: str) -> np.ndarray:
    array = np.array(data.data if isinstance(data, Tensor) else data)
    if array.ndim == 0 or len(array) == 0:
        raise ValueError(f"{name} must hold one row for each example; given was shape {array.shape}.")
    return array


def _check(inputs, targets, epochs, batch_size, rng, keep_every, replay) -> None:
    if len(inputs) != len(targets):
        raise ValueError(
            f"There must be one target for each input: given were {len(inputs)} inputs and {len(targets)} targets."
        )
    if not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs is a whole number of at least 0; given was {epochs!r}.")
    if keep_every is not None and keep_every < 1:
        raise ValueError(f"keep_every is a whole number of at least 1; given was {keep_every}.")
    if batch_size is None:
        return
    if batch_size < 1:
        raise ValueError(f"batch_size is a whole number of at least 1; given was {batch_size}.")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"Batches are shuffled: give rng=np.random.default_rng(seed). Given was {rng!r}.")
    if replay:
        raise ValueError("replay recomputes one fixed graph, and batches change: use one or the other.")
