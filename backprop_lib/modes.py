"""What is switched on right now: whether operations are recorded, and who watches them.

The switches live in a context variable, so a thread or an asynchronous task that trains in the background does not
disturb another one, and every switch is restored when its block ends, by an exception too.
"""

from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import NamedTuple


class Mode(NamedTuple):
    """`recording`: results remember how they were made. `watcher`: sees each step; None where nobody watches."""

    recording: bool = True
    watcher: "Watcher | None" = None


mode: ContextVar[Mode] = ContextVar("backprop_lib mode", default=Mode())  # noqa: B039  (immutable)


class Watcher:
    """Sees each rule as it is evaluated, and evaluates it. Watchers in nested `watching` blocks call one another."""

    outer: "Watcher | None" = None

    def forward(self, operation, inputs, arguments):
        """Evaluate one forward rule. `arguments` are the values of the Tensors `inputs`, then the attributes."""
        if self.outer is None:
            return operation.forward(*arguments)
        return self.outer.forward(operation, inputs, arguments)

    def backward(self, node, position, rule, upstream, out, arguments):
        """Evaluate the derivative rule of input number `position` of `node`: upstream × local derivative."""
        if self.outer is None:
            return rule(upstream, out, *arguments)
        return self.outer.backward(node, position, rule, upstream, out, arguments)

    def add(self, held, downstream):
        """Add a gradient to what has already arrived at the same node."""
        return held + downstream if self.outer is None else self.outer.add(held, downstream)


class _Switch(ContextDecorator):
    """A `with` block or a decorator that changes the mode and puts the old one back. May be nested and re-entered."""

    def __init__(self):
        self._tokens = []

    def _changed(self, current: Mode) -> Mode:
        raise NotImplementedError

    def __enter__(self):
        self._tokens.append(mode.set(self._changed(mode.get())))
        return self

    def __exit__(self, *exception):
        mode.reset(self._tokens.pop())


class no_grad(_Switch):
    """Compute without recording: `with no_grad(): …` or `@no_grad()`.

    Results are plain leaves that need no gradient.
    """

    def _recreate_cm(self):
        return type(self)()

    def _changed(self, current: Mode) -> Mode:
        return current._replace(recording=False)


class recording(_Switch):
    """Record, inside `no_grad` too."""

    def _changed(self, current: Mode) -> Mode:
        return current._replace(recording=True)


class watching(_Switch):
    """Let a `Watcher` see every rule that is evaluated inside the block."""

    def __init__(self, watcher: Watcher):
        super().__init__()
        self.watcher = watcher

    def _changed(self, current: Mode) -> Mode:
        if current.watcher is self.watcher:
            return current
        self.watcher.outer = current.watcher
        return current._replace(watcher=self.watcher)


class unwatched(_Switch):
    """Let nobody see what is computed inside the block."""

    def _changed(self, current: Mode) -> Mode:
        return current._replace(watcher=None)
