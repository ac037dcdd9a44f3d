"""The live form of a prediction or a question: radio buttons or a line to write in, a button, and a spoken
reply.

No widget is shown as an output and none is saved: the page puts the form into the static box, see form.js.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .live import Asking


class Form(anywidget.AnyWidget):
    """Setting `answer` is what pressing the button does; `reply` is what the learner then reads."""

    _esm = Path(__file__).with_name("form.js")
    _css = Path(__file__).with_name("form.css")

    identity = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    button = traitlets.Unicode().tag(sync=True)
    answer = traitlets.Unicode().tag(sync=True)
    # With the answer that it belongs to, so that a second answer with the same reply is a change too.
    reply = traitlets.Tuple(traitlets.Unicode(), traitlets.Unicode()).tag(sync=True)

    def __init__(self, **values: Any):
        identity = uuid.uuid4().hex  # of this model in this page; nothing that is saved holds it
        super().__init__(model_id=identity, identity=identity, **values)


_forms: dict[str, Form] = {}


def offer(item: Asking, place: str) -> Form:
    """The form for this item at this place; one for each key, however often its cell is run."""
    now = item.form()
    now["reply"] = (now["answer"], now["reply"])
    form = _forms.get(item.key)
    if form is None:
        form = _forms[item.key] = Form(place=place, **now)
    else:
        form.unobserve_all("answer")
        for name, value in now.items():
            setattr(form, name, value)

    def submitted(change: dict) -> None:
        form.reply = (change["new"], item.submit(change["new"]))

    form.observe(submitted, names="answer")
    return form
