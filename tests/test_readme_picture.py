"""The picture in README.md is what the package draws: the first worked example, values and gradients."""

from pathlib import Path

from backprop_lib import Tensor, relu
from backprop_lib.figures import graph_svg

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "notebooks" / "pictures" / "one_neuron.svg"


def drawn() -> str:
    w, x, b, y = (Tensor(value, name=name) for name, value in {"w": 3, "x": 2, "b": 1, "y": 4}.items())
    z = w * x + b
    a = relu(z)
    loss = (a - y) ** 2
    for name, node in {"z": z, "a": a, "L": loss}.items():
        node.name = name
    return graph_svg(loss)


def test_the_picture_is_up_to_date():
    """If it is not: `python tests/test_readme_picture.py` draws it again."""
    assert PICTURE.read_text(encoding="utf-8") == drawn() + "\n"


def test_readme_shows_it_with_its_figures():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if str(PICTURE.relative_to(ROOT)) in line)
    alternative = line.partition("![")[2].partition("]")[0]
    for figure in ("z = 7", "L = 9", "∂L/∂w = 12", "∂L/∂b = 6", "∂L/∂x = 18"):
        assert figure in alternative
        assert figure in drawn()


if __name__ == "__main__":
    PICTURE.write_text(drawn() + "\n", encoding="utf-8")
