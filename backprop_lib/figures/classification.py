"""What a classifier of images was shown, and what it made of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .plots import Numbers
from .style import BLACK, house_style, label_axes, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP, _CAPTION = 2, 3  # pixels of an image: between two images, and for the caption below one


def digit_images(
    images: Numbers, captions: Sequence[object], finding: str, *, x: str, y: str, columns: int = 8
) -> "Figure":
    """Images in rows of `columns`, a caption below each. images (k, h, w): 0 is paper, the largest number ink."""
    images = np.asarray(images, dtype=float)
    if images.ndim != 3 or len(images) != len(captions) or not len(images):
        raise ValueError(
            f"Expected images of shape (k, h, w) and k captions; given were {images.shape} and "
            f"{len(captions)} captions."
        )
    count, height, width = images.shape
    columns = min(count, columns)
    rows = -(-count // columns)
    across, down = width + _GAP, height + _CAPTION
    page = np.zeros((rows * down, columns * across - _GAP))
    with house_style():
        figure = new_figure(7.2, 0.6 + 9.2 / columns * rows)
        axes = figure.add_subplot()
        for k, (image, caption) in enumerate(zip(images, captions)):
            top, left = k // columns * down, k % columns * across
            page[top : top + height, left : left + width] = image
            axes.text(left + width / 2 - 0.5, top + height + 0.1, str(caption), ha="center", va="top", fontsize=10)
        axes.imshow(page, cmap="gray_r", interpolation="nearest", aspect="equal")
        axes.grid(False)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        label_axes(axes, finding, x, y)
    return figure


def confusion(counts: Numbers, finding: str, *, x: str = "what the network says", y: str = "what it is") -> "Figure":
    """How often each class was taken for which: counts[i, j] examples of class i were called j. Mistakes are shaded."""
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"Expected a square table, a row and a column for each class; given was shape {counts.shape}.")
    classes = range(len(counts))
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    with house_style():
        figure = new_figure(5.6, 5.2)
        axes = figure.add_subplot()
        axes.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(1.6 * mistakes.max(), 1), aspect="equal")
        for i in classes:
            for j in classes:
                if counts[i, j]:
                    weight = "normal" if i == j else "bold"
                    axes.text(
                        j, i, f"{counts[i, j]}", ha="center", va="center", fontsize=10, color=BLACK, weight=weight
                    )
        axes.grid(False)
        axes.set_xticks(classes)
        axes.set_yticks(classes)
        label_axes(axes, finding, x, y)
    return figure


def confusion_sentence(counts: Numbers) -> str:
    """How many are right, and which class was most often taken for which, in one sentence."""
    counts = np.asarray(counts)
    right, total = int(np.trace(counts)), int(counts.sum())
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    said = f"{right} of {total} are right ({100 * right / total:.1f} %)"
    if right == total:
        return f"{said}, and nothing is taken for something else."
    i, j = np.unravel_index(mistakes.argmax(), mistakes.shape)
    times = "once" if mistakes[i, j] == 1 else f"{mistakes[i, j]} times"
    return f"{said}; the most frequent mistake: {i} is read as {j}, {times}."
