"""Explorer: a control moves, a pure function runs, one view of fixed size changes.

Every widget of the course is a subclass that names its controls and draws one picture:

    class Square(Explorer):
        title = "The square"
        x = Slider(1.0, low=-3, high=3, step=0.1, label="x")

        def draw(self, x):
            return Frame(f'<svg viewBox="0 0 100 100">…</svg>', f"{x} squared is {x * x}.")

    square = Square(x=2)
    square.x = 3           # what moving the slider does; needs no browser
    square.sentence        # "3.0 squared is 9.0."

A notebook saves the picture and its sentence, never the widget: the page puts live controls in the picture's
place where a kernel is there to answer (explorer.js).
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..figures import with_sentence
from ..figures.sketch import value_text

# A kernel that itself runs in the page (JupyterLite) has no name for its session, and two of them may share the page.
_SESSION_IN_PAGE = uuid.uuid4().hex if sys.platform == "emscripten" else None

EARLIER = "The picture still shows earlier values."  # explorer.js says the same


@dataclass(frozen=True)
class Frame:
    """What an explorer shows at one moment.

    picture: SVG text whose viewBox is the same in every frame; sentence: the finding, with its computed figures,
    as plain text; detail: optional HTML below the sentence.
    """

    picture: str
    sentence: str
    detail: str = ""


class Slider(traitlets.Float):
    """A number. `low` and `high` bound the slider; Python may set any finite number.

    factors : the slider moves in equal factors, not in equal steps: twenty from one power of ten to the next.
    limits : the lowest and the highest number that can be drawn truly; any other is refused with a sentence.
    multiple : only multiples of it can be drawn, 1 for whole numbers.
    smallest : what is nearer to 0 than this, but not 0, cannot be drawn: products of four still are above 0.
    """

    def __init__(
        self,
        value: float,
        *,
        low: float,
        high: float,
        step: float = 0.0,
        label: str,
        factors: bool = False,
        limits: tuple[float, float] = (-1000.0, 1000.0),
        multiple: float = 0.0,
        smallest: float = 1e-75,
    ):
        super().__init__(value)
        bounds: dict[str, float] = {"low": low, "high": high, "step": step}
        if factors:
            bounds = {"low": math.log10(low), "high": math.log10(high), "step": 0.05, "factors": True}
        self.label, self.limits, self.multiple, self.smallest = label, limits, multiple, smallest
        self.tag(sync=True, echo_update=False, control={"kind": "slider", "label": label, **bounds})

    def refuse(self, value: float) -> None:
        """Raise ValueError for a number that cannot be drawn."""
        (lowest, highest), multiple = self.limits, self.multiple
        fits = lowest <= value <= highest and (not multiple or value % multiple == 0)
        if fits and (value == 0 or abs(value) >= self.smallest):
            return
        several = "a whole number" if multiple == 1 else f"a multiple of {value_text(multiple)}"
        kind = several if multiple else "a number"
        wanted = f"{kind} from {value_text(lowest)} to {value_text(highest)}"
        if fits:
            wanted = f"{wanted}, 0 or at least {value_text(self.smallest)} away from it"
        raise ValueError(f"{self.label} = {value_text(value)} cannot be drawn here. Set {self.name} to {wanted}.")

    def validate(self, obj: Any, value: Any) -> float:
        number = super().validate(obj, value)
        if not math.isfinite(number):
            raise traitlets.TraitError(f"{self.name} was set to {number}; it must be a finite number.")
        return number


class Choice(traitlets.Enum):
    """One of a few words."""

    def __init__(self, value: str, *, options: Sequence[str], label: str):
        super().__init__(list(options), value)
        self.tag(sync=True, echo_update=False, control={"kind": "choice", "label": label, "options": list(options)})


class Entry(traitlets.Unicode):
    """A line of text, taken over when Enter is pressed."""

    def __init__(self, value: str = "", *, label: str):
        super().__init__(value)
        self.tag(sync=True, echo_update=False, control={"kind": "entry", "label": label})


def button(label: str) -> Callable[[Callable], Callable]:
    """Mark a method of an Explorer as what its button does."""

    def mark(method: Callable) -> Callable:
        method.control = {"kind": "button", "label": label}  # type: ignore[attr-defined]
        return method

    return mark


class Explorer(anywidget.AnyWidget):
    """Base of the course's widgets: controls as class attributes, and `draw`, a pure function of their values.

    Keyword arguments set the controls. Raises TraitError for a value that a control cannot take, ValueError for one
    that cannot be drawn, and whatever `draw` raises. After a control has moved, such an error is shown in the page as
    a sentence and kept in `problem`; the last good frames stay.
    """

    _esm = Path(__file__).with_name("explorer.js")
    _css = Path(__file__).with_name("explorer.css")

    title = ""

    heading = traitlets.Unicode(read_only=True).tag(sync=True)
    key = traitlets.Unicode(read_only=True).tag(sync=True)
    identity = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List(read_only=True).tag(sync=True)
    frames: Any = traitlets.List(read_only=True).tag(sync=True)
    drawn = traitlets.Dict(read_only=True).tag(sync=True)
    problem = traitlets.Unicode("", read_only=True).tag(sync=True)
    step = traitlets.Int(0, help="which frame is shown").tag(sync=True)

    _seen: Counter[str] = Counter()

    def __init__(self, **values: Any):
        unknown = sorted(set(values) - set(self._control_names()) - {"step"})
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no control {', '.join(unknown)}. "
                f"Its controls are {', '.join(self._control_names())}."
            )
        identity = uuid.uuid4().hex  # of this model in this page; nothing that is saved holds it
        super().__init__(model_id=identity, identity=identity, **values)
        self.observe(self._redraw, names=self._control_names())
        self.on_msg(self._press)
        self.on_msg(self._catch_up)

    def draw(self, *_: Any, **values: Any) -> Frame | Sequence[Frame]:
        """The frame, or the frames to step through, for these values of the controls."""
        raise NotImplementedError

    @property
    def values(self) -> dict[str, Any]:
        """The controls' values by name."""
        return {name: getattr(self, name) for name in self._control_names()}

    @property
    def frame(self) -> Frame:
        """The frame that is shown now."""
        return Frame(**self.frames[max(0, min(self.step, len(self.frames) - 1))])

    @property
    def picture(self) -> str:
        return self.frame.picture

    @property
    def sentence(self) -> str:
        return self.frame.sentence

    @property
    def saved(self) -> Frame:
        """What a notebook keeps: the last frame, unless a subclass has a better summary."""
        return Frame(**self.frames[-1])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.values.items())})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """The static form, with the mark by which the page finds the place for the live one.

        Where the present values are refused, the picture is of earlier ones, and says so.
        """
        frame = self.saved
        sentence = f"{self.problem} {EARLIER} {frame.sentence}" if self.problem else frame.sentence
        note = f'<p class="note">{escape(self.problem)} {EARLIER}</p>' if self.problem else ""
        still = with_sentence(frame.picture, sentence).bundle
        inside = f"{note}{still['text/html']}{frame.detail}"
        html = f'<div class="backprop-explorer" data-explorer="{self.key}">{inside}</div>'
        return {**still, "text/html": html}, {}

    @classmethod
    def _marked(cls) -> dict[str, dict[str, Any]]:
        """What the page needs to know of each control and button, in the order of their definition."""
        marked = {}
        for ancestor in reversed(cls.__mro__):
            for name, member in vars(ancestor).items():
                control = getattr(member, "control", None) or getattr(member, "metadata", {}).get("control")
                if control:
                    marked[name] = {"name": name, **control}
        return marked

    @classmethod
    def _control_names(cls) -> list[str]:
        return [name for name, control in cls._marked().items() if control["kind"] != "button"]

    # The first values are traitlets' dynamic defaults, so that one single message opens the explorer in the page.

    @traitlets.default("heading")
    def _first_heading(self) -> str:
        return self.title

    @traitlets.default("controls")
    def _first_controls(self) -> list[dict[str, Any]]:
        return list(self._marked().values())

    @traitlets.default("frames")
    def _first_frames(self) -> list[dict[str, str]]:
        return self._drawable(self.values)

    @traitlets.default("drawn")
    def _first_drawn(self) -> dict[str, Any]:
        return self.values

    @traitlets.default("key")
    def _first_key(self) -> str:
        """Names the place in the page. The same in every run from top to bottom, so the saved file is too.

        Jupyter's name for the session keeps two notebooks in one page apart; nbclient gives none.
        """
        session = os.environ.get("JPY_SESSION_NAME", _SESSION_IN_PAGE)
        content = repr((type(self).__name__, self.values, self.frames[-1]["sentence"], session))
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        self._seen[digest] += 1
        return f"{digest}-{self._seen[digest]}"

    def _drawable(self, values: dict[str, Any]) -> list[dict[str, str]]:
        """The frames for these values. Raises ValueError where a slider's number cannot be drawn."""
        for name, value in values.items():
            control = getattr(type(self), name)
            if isinstance(control, Slider):
                control.refuse(value)
        return self._draw(values)

    def _draw(self, values: dict[str, Any]) -> list[dict[str, str]]:
        frames = self.draw(**values)
        return [asdict(frame) for frame in ([frames] if isinstance(frames, Frame) else frames)]

    def _redraw(self, change: Any = None) -> None:
        values = self.values
        if values == self.drawn:  # several controls were set at once, and the first one's turn drew them all
            return
        problem, frames, fault = "", self.frames, None
        try:
            frames = self._drawable(values)
        except ValueError as error:
            problem = str(error)
        except Exception as error:  # a fault of ours: the page shall not pass off the old picture as the new one
            problem, fault = f"This cannot be drawn ({type(error).__name__}: {error}). Choose other values.", error
        with self.hold_sync():
            self.set_trait("frames", frames)
            self.set_trait("problem", problem)
            self.set_trait("drawn", values)
        if fault:
            raise fault

    def _press(self, widget: Any, message: dict[str, Any], buffers: Any) -> None:
        name = message.get("press") if isinstance(message, dict) else None
        if name in self._marked() and self._marked()[name]["kind"] == "button":
            getattr(self, name)()

    def _catch_up(self, widget: Any, message: dict[str, Any], buffers: Any) -> None:
        """A page tells at its start what it shows; while it started, a control may have moved."""
        if isinstance(message, dict) and message.get("shows", self.drawn) != self.drawn:
            self.send_state()
