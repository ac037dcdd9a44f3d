"""What a lesson says to the learner: one box, as HTML for a notebook and as plain text for everything else.

The kind of a box is told by an icon, a word and the style of its border, never by colour alone. Text has
the page's own colour on the page's own background, in a light or dark theme; only the border is coloured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from re import sub

# Icon, style and colour of the border. Each colour has a contrast of at least 3 to white and to
# JupyterLab's dark page.
KINDS = {
    "right": ("✓", "solid", "#009e73"),
    "wrong": ("✗", "dashed", "#d55e00"),
    "open": ("○", "dotted", "#767676"),
    "question": ("?", "double", "#0072b2"),
    "hint": ("→", "dotted", "#0072b2"),
    "note": ("•", "solid", "#767676"),
}

Block = str | Sequence[str]


def rich(text: str) -> str:
    """Text as safe HTML: everything escaped, `backticks` set as code."""
    return sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


@dataclass(frozen=True)
class Box:
    """A box with a title and blocks of text; a block is a paragraph, or a list of lines.

    kind: a key of KINDS. `folded` is a paragraph that stays closed until it is asked for. `place` names
    where a live form may stand in for the last `replaced` blocks, see form.js; `show` in live.py adds which
    session's.
    """

    kind: str
    title: str
    blocks: tuple[Block, ...] = ()
    folded: str = ""
    place: str = ""
    replaced: int = 0

    @property
    def text(self) -> str:
        """The whole box as plain text."""
        lines = [f"{KINDS[self.kind][0]} {self.title}"]
        for block in self.blocks:
            lines += [block] if isinstance(block, str) else [f"  {line}" for line in block]
        return "\n".join([*lines, *([f"({self.folded})"] if self.folded else [])])

    @property
    def html(self) -> str:
        icon, style, colour = KINDS[self.kind]
        kept = len(self.blocks) - self.replaced
        inside = "".join(map(_block, self.blocks[:kept]))
        if self.place:
            rest = "".join(map(_block, self.blocks[kept:]))
            inside += f'<div class="backprop-lesson" data-lesson="{escape(self.place)}">{rest}</div>'
        if self.folded:
            inside += f"<details><summary>Show it anyway</summary>{_block(self.folded)}</details>"
        return (
            f'<div style="border-left: 6px {style} {colour}; padding: 2px 14px; margin: 6px 0; max-width:'
            f' 760px"><p style="margin: 4px 0"><strong>{icon} {rich(self.title)}</strong></p>{inside}</div>'
        )

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def _block(block: Block) -> str:
    if isinstance(block, str):
        return f'<p style="margin: 4px 0">{rich(block)}</p>'
    items = "".join(f'<li style="list-style: none">{rich(line)}</li>' for line in block)
    return f'<ul style="margin: 4px 0; padding-left: 1em">{items}</ul>'
