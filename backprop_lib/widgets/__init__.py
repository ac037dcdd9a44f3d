"""Pictures that answer: controls move, a pure function runs, one picture changes. Needs anywidget and ipywidgets."""

from .explorer import Choice, Entry, Explorer, Frame, Slider, button

__all__ = ["Choice", "Entry", "Explorer", "Frame", "Slider", "button"]
