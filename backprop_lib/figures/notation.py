"""How each operation is written: in plain text, in LaTeX and in PyTorch, and its local derivative in LaTeX.

One row for each row of the table of operations. In the templates `{0}`, `{1}` are the inputs, `{out}` is the result,
`{g}` the upstream gradient. A row of an operation that works entry by entry gives the local derivative, which is
multiplied by the upstream gradient; a row of any other operation gives the whole downstream gradient, with `{g}` in it.
There `{0}` and `{out}` have parentheses unless they hold together as a factor does; `{atom[0]}` and `{atom_out}` stand
below an exponent, `{bare[0]}` where nothing can pull it apart.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor

# How tightly an expression holds together; a part that holds less tightly than its place needs gets parentheses.
SUM, PRODUCT, POWER, ATOM = 0, 1, 2, 3

Template = str | Callable[..., str]


class Notation(NamedTuple):
    """`text`, `latex`, `torch`: a template, or a function of the written inputs and the node.

    `binds`: how tightly the result holds together. `needs`: how tightly each input must, in text and in LaTeX
    (`latex_needs` where LaTeX differs: a fraction bar needs no parentheses). `derivatives`: LaTeX, one for each input.
    """

    text: Template
    latex: Template
    torch: Template
    derivatives: tuple[Template, ...] = ()
    binds: int = ATOM
    needs: tuple[int, ...] = (SUM,)
    latex_needs: tuple[int, ...] | None = None
    latex_binds: int | None = None


def parts_in_parentheses(parts: Sequence[tuple[str, int]], needs: Sequence[int], latex: bool = False) -> list[str]:
    """The written inputs, in parentheses where their place needs it. `parts`: pairs (what is written, how it binds)."""
    wanted = [needs[min(k, len(needs) - 1)] for k in range(len(parts))]
    left, right = (r"\left(", r"\right)") if latex else ("(", ")")
    return [
        written if binds >= need else f"{left}{written}{right}"
        for (written, binds), need in zip(parts, wanted, strict=True)
    ]


def fill(template: Template, inputs: Sequence[str], node: Tensor, **names: str) -> str:
    """Fill in a template."""
    if callable(template):
        return template(list(inputs), node)
    return template.format(*inputs, **names)


# ---- what the templates are made of --------------------------------------------------------------


def _call(name: str, latex_name: str, torch_name: str, *derivatives: Template) -> Notation:
    """A function of one number, f(a)."""
    return Notation(f"{name}({{0}})", f"{latex_name}\\left({{0}}\\right)", f"{torch_name}({{0}})", derivatives)


def _compare(sign: str, latex_sign: str, code: str) -> Notation:
    return Notation(
        f"{{0}} {sign} {{1}}", f"\\left[{{0}} {latex_sign} {{1}}\\right]",
        lambda i, node: f"({i[0]} {code} {i[1]}).to({torch_dtype(node)})",
        binds=SUM, needs=(PRODUCT, PRODUCT), latex_binds=ATOM,
    )  # fmt: skip


def torch_dtype(node: Tensor) -> str:
    return f"torch.{node.dtype.name}"


def torch_array(array: np.ndarray, dtype: str, options: str = "") -> str:
    """An array as a tensor in PyTorch code, with every digit."""
    if not array.size:
        return f"torch.zeros({array.shape}, dtype={dtype}{options})"
    return f"torch.tensor({_torch_numbers(array)}, dtype={dtype}{options})"


def _torch_numbers(array: np.ndarray) -> str:
    numbers = repr(array.tolist())
    for word in ("nan", "inf"):
        numbers = numbers.replace(word, f'float("{word}")')
    return numbers


def _axes_text(axis: tuple[int, ...] | None) -> str:
    if axis is None:
        return ""
    return f", axis={axis[0] if len(axis) == 1 else axis}"


def _reduce(
    name: str, latex: Template, torch: Template, derivative: Template, latex_needs: int = POWER, latex_binds: int = SUM
) -> Notation:
    """A reduction; its attributes begin with the axes and end with keepdims.

    In LaTeX most stand before what they reduce without a bracket, as Σ does. So what is reduced must not come apart,
    Σ(x + y), nor must the whole, (Σx)².
    """

    def text(i: list[str], node: Tensor) -> str:
        kept = ", keepdims=True" if node.attributes[-1] else ""
        return f"{name}({i[0]}{_axes_text(node.attributes[0])}{kept})"

    return Notation(text, latex, torch, (derivative,), latex_needs=(latex_needs,), latex_binds=latex_binds)


def _torch_reduce(function: str) -> Callable[..., str]:
    def torch(i: list[str], node: Tensor) -> str:
        axis, *_, keepdims = node.attributes
        if axis == ():
            return f"{i[0]}.clone()"
        if axis is None and not keepdims:
            return f"torch.{function}({i[0]})"
        axes = tuple(range(node.inputs[0].ndim)) if axis is None else axis
        return f"torch.{function}({i[0]}, dim={axes}{', keepdim=True' if keepdims else ''})"

    return torch


def _torch_prod(i: list[str], node: Tensor) -> str:
    """PyTorch multiplies over one axis at a time."""
    axis, keepdims = node.attributes
    if axis is None and not keepdims:
        return f"torch.prod({i[0]})"
    axes = tuple(range(node.inputs[0].ndim)) if axis is None else axis
    code = i[0]
    for k in sorted(axes, reverse=True):
        code = f"torch.prod({code}, dim={k}{', keepdim=True' if keepdims else ''})"
    return code if axes else f"{code}.clone()"


def _torch_var(i: list[str], node: Tensor) -> str:
    axis, ddof, keepdims = node.attributes
    if axis == ():
        return f"{i[0]} - {i[0]}"  # one entry does not vary; PyTorch takes () for all axes
    axes = tuple(range(node.inputs[0].ndim)) if axis is None else axis
    dim = f", dim={axes}" if axes else ""
    return f"torch.var({i[0]}{dim}, correction={ddof}{', keepdim=True' if keepdims else ''})"


def _torch_grouped(function: str) -> Callable[..., str]:
    """softmax and log_softmax know one axis; over several the definition is written out."""

    def torch(i: list[str], node: Tensor) -> str:
        (axes,) = node.attributes
        if len(axes) == 1:
            return f"torch.{function}({i[0]}, dim={axes[0]})"
        log = f"{i[0]} - torch.logsumexp({i[0]}, dim={axes}, keepdim=True)" if axes else f"{i[0]} - {i[0]}"
        return f"({log})" if function == "log_softmax" else f"torch.exp({log})"

    return torch


def _torch_index(index: Any, shape: tuple[int, ...]) -> str:
    """An index written as PyTorch reads it; a slice that runs backwards becomes the list of its positions."""
    parts = index if isinstance(index, tuple) else (index,)
    used = sum(
        p.ndim if isinstance(p, np.ndarray) and p.dtype == bool else 1
        for p in parts
        if p is not None and p is not Ellipsis
    )
    lists = sum(isinstance(p, np.ndarray) for p in parts)
    written = []
    axis = 0
    for part in parts:
        if part is None or part is Ellipsis:
            written.append("None" if part is None else "...")
            axis += 0 if part is None else len(shape) - used
            continue
        if isinstance(part, slice):
            if (part.step or 1) < 0:
                if lists:
                    raise ValueError(
                        "PyTorch has no slice that runs backwards, and beside a list of positions it cannot be "
                        "replaced. Use flip first, then index."
                    )
                written.append(f"{list(range(*part.indices(shape[axis])))}")
                lists += 1
            else:
                ends = ["" if end is None else str(int(end)) for end in (part.start, part.stop)]
                written.append(":".join(ends) + ("" if part.step is None else f":{int(part.step)}"))
            axis += 1
        elif isinstance(part, np.ndarray):
            kind = "torch.bool" if part.dtype == bool else "torch.long"
            written.append(f"torch.tensor({part.tolist()})" if part.size else torch_array(part, kind))
            axis += part.ndim if part.dtype == bool else 1
        else:
            written.append(str(bool(part)) if isinstance(part, bool | np.bool_) else str(int(part)))
            axis += 1
    return ", ".join(written) if written else "()"


def index_text(index: Any) -> str:
    """An index as it is written in Python; a long list of positions is shortened."""
    parts = index if isinstance(index, tuple) else (index,)
    written = []
    for part in parts:
        if isinstance(part, slice):
            ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
            written.append(":".join(ends) + ("" if part.step is None else f":{part.step}"))
        elif isinstance(part, np.ndarray):
            positions = str(part.tolist())
            written.append(positions if len(positions) <= 12 else "…")
        else:
            written.append("…" if part is Ellipsis else str(part))
    return ", ".join(written)


def _power_text(i: list[str], node: Tensor) -> str:
    exponent = _small_exponent(node)
    return f"{i[0]}{'⁰¹²³⁴⁵⁶⁷⁸⁹'[exponent]}" if exponent is not None else f"{i[0]}^{i[1]}"


def _small_exponent(node: Tensor) -> int | None:
    """The exponent if it is a constant from 0 to 9."""
    if len(node.inputs) < 2:
        return None
    exponent = node.inputs[1]
    if exponent.requires_grad or exponent.operation is not None or exponent.name or exponent.ndim:
        return None
    value = float(exponent.data)
    return int(value) if value in range(10) else None


def _power_slope(i: list[str], node: Tensor) -> str:
    exponent = _small_exponent(node)
    if exponent is None:
        return f"{i[1]} \\cdot {{{i[0]}}}^{{{i[1]} - 1}}"
    return {0: "0", 1: "1", 2: f"2 \\cdot {i[0]}"}.get(exponent, f"{exponent} \\cdot {{{i[0]}}}^{{{exponent - 1}}}")


def _index_latex(i: list[str], node: Tensor) -> str:
    return f"{{{i[0]}}}_{{[{_latex_code(index_text(node.attributes[0]))}]}}"


def _latex_code(text: str) -> str:
    return r"\text{" + text + "}"


def _transpose_latex(i: list[str], node: Tensor) -> str:
    return f"{{{i[0]}}}^{{\\top}}" if node.ndim == 2 else rf"\operatorname{{transpose}}\left({i[0]}\right)"


def _torch_transpose(i: list[str], node: Tensor) -> str:
    axes = node.attributes[0]
    return f"{i[0]}.T" if node.ndim == 2 and axes in (None, (1, 0)) else f"{i[0]}.permute({_dims(axes, node)})"


def _dims(axes: tuple[int, ...] | None, node: Tensor) -> str:
    return str(tuple(range(node.ndim))[::-1] if axes is None else tuple(axes))


def _shaped(name: str) -> Notation:
    """An operation that only changes the shape: values move, and gradients move back."""

    def written(i: list[str], node: Tensor) -> str:
        return f"{name}({i[0]}, {node.shape})"

    return Notation(
        written,
        lambda i, node: rf"\operatorname{{{name}}}\left({i[0]}\right)",
        lambda i, node: f"{i[0]}.reshape({node.shape})",
        (r"{g}\text{{ in the shape of }}{0}",),
    )


def _torch_clip(i: list[str], node: Tensor) -> str:
    """PyTorch takes two numbers or two tensors; None where there is no limit."""
    arrays = any(np.ndim(limit) for limit in node.attributes)
    written = []
    for limit, none in zip(node.attributes, (-np.inf, np.inf), strict=True):
        limit = np.asarray(limit, dtype=float)
        if not limit.ndim and limit == none:
            written.append("None")
        else:
            written.append(torch_array(limit, torch_dtype(node)) if arrays else _torch_numbers(limit))
    low, high = written
    return f"torch.clamp({i[0]}, {low}, {high})" if (low, high) != ("None", "None") else f"{i[0]}.clone()"


def _limit_text(limit: Any) -> str:
    return "…" if np.ndim(limit) else f"{limit:.6g}".replace("-", "−").replace("inf", "∞")


def _clip_text(i: list[str], node: Tensor) -> str:
    return f"clip({i[0]}, {', '.join(map(_limit_text, node.attributes))})"


def _clip_latex(i: list[str], node: Tensor) -> str:
    limits = ", ".join(_limit_text(x).replace("∞", r"\infty ").replace("…", r"\ldots ") for x in node.attributes)
    return rf"\operatorname{{clip}}\left({i[0]}, {limits}\right)".replace("−", "-")


_MEAN_OF = r"\frac{{1}}{{n}} \sum "
_HALF_AT_TIE = r"\text{{ (}}\tfrac12\text{{ at a tie)}}"

NOTATION: dict[str, Notation] = {
    "add": Notation("{0} + {1}", "{0} + {1}", "{0} + {1}", ("1", "1"), SUM, (SUM, PRODUCT)),
    "subtract": Notation("{0} − {1}", "{0} - {1}", "{0} - {1}", ("1", "-1"), SUM, (SUM, PRODUCT)),
    "multiply": Notation(
        "{0}·{1}", r"{0} \cdot {1}", "{0} * {1}", ("{1}", "{0}"), PRODUCT, (PRODUCT, POWER)
    ),
    "divide": Notation(
        "{0} / {1}", r"\frac{{{0}}}{{{1}}}", "{0} / {1}",
        (r"\frac{{1}}{{{bare[1]}}}", r"-\frac{{{bare[0]}}}{{{{{atom[1]}}}^2}}"),
        PRODUCT, (PRODUCT, POWER), latex_needs=(SUM, SUM), latex_binds=POWER,
    ),
    "negative": Notation("−{0}", "-{0}", "-{0}", ("-1",), SUM, (PRODUCT,)),
    "power": Notation(
        _power_text, "{{{0}}}^{{{1}}}", "{0} ** {1}", (_power_slope, r"{out} \cdot \ln {0}"),
        POWER, (ATOM, ATOM), latex_needs=(ATOM, SUM),
    ),
    "matmul": Notation(
        "{0} @ {1}", r"{0}\,{1}", "{0} @ {1}", (r"{g}\,{{{atom[1]}}}^{{\top}}", r"{{{atom[0]}}}^{{\top}}\,{g}"),
        PRODUCT, (PRODUCT, POWER),
    ),
    "exp": Notation("exp({0})", "e^{{{0}}}", "torch.exp({0})", ("{out}",), latex_binds=POWER),
    "log": _call("log", r"\ln", "torch.log", r"\frac{{1}}{{{bare[0]}}}"),
    "sqrt": Notation("√{0}", r"\sqrt{{{0}}}", "torch.sqrt({0})", (r"\frac{{1}}{{2\,{out}}}",), ATOM, (ATOM,), (SUM,)),
    "square": Notation("{0}²", "{{{0}}}^2", "torch.square({0})", (r"2 \cdot {0}",), POWER, (ATOM,)),
    "sin": _call("sin", r"\sin", "torch.sin", r"\cos\left({bare[0]}\right)"),
    "cos": _call("cos", r"\cos", "torch.cos", r"-\sin\left({bare[0]}\right)"),
    "tanh": _call("tanh", r"\tanh", "torch.tanh", r"1 - {{{atom_out}}}^2"),
    "sigmoid": _call("σ", r"\sigma", "torch.sigmoid", r"{out} \cdot \left(1 - {out}\right)"),
    "softplus": Notation(
        "softplus({0})", r"\operatorname{{softplus}}\left({0}\right)", "F.softplus({0}, threshold=50)",
        (r"\sigma\left({bare[0]}\right)",),
    ),
    "relu": _call("ReLU", r"\operatorname{{ReLU}}", "torch.relu", r"\left[{bare[0]} > 0\right]"),
    "leaky_relu": Notation(
        lambda i, node: f"leakyReLU({i[0]}, {node.attributes[0]:.6g})",
        lambda i, node: rf"\operatorname{{leakyReLU}}_{{{node.attributes[0]:.6g}}}\left({i[0]}\right)",
        lambda i, node: f"F.leaky_relu({i[0]}, {node.attributes[0]!r})",
        (lambda i, node: rf"\left(1 \text{{ if }} {i[0]} > 0 \text{{ else }} {node.attributes[0]:.6g}\right)",),
    ),
    "abs": Notation("|{0}|", r"\left|{0}\right|", "torch.abs({0})", (r"\operatorname{{sign}}\left({bare[0]}\right)",)),
    "sign": _call("sign", r"\operatorname{{sign}}", "torch.sign"),
    "clip": Notation(
        _clip_text, _clip_latex, _torch_clip,
        (r"\left[{0} \text{{ inside the limits}}\right]",),
    ),
    "maximum": Notation(
        "max({0}, {1})", r"\max\left({0}, {1}\right)", "torch.maximum({0}, {1})",
        (rf"\left[{{0}} > {{1}}\right]{_HALF_AT_TIE}", rf"\left[{{1}} > {{0}}\right]{_HALF_AT_TIE}"),
    ),
    "minimum": Notation(
        "min({0}, {1})", r"\min\left({0}, {1}\right)", "torch.minimum({0}, {1})",
        (rf"\left[{{0}} < {{1}}\right]{_HALF_AT_TIE}", rf"\left[{{1}} < {{0}}\right]{_HALF_AT_TIE}"),
    ),
    "where": Notation(
        "where({0}, {1}, {2})", r"\left({1} \text{{ if }} {0} \text{{ else }} {2}\right)",
        "torch.where({0} != 0, {1}, {2})",
        ("", "{0}", "1 - {0}"), needs=(SUM, SUM, SUM), latex_needs=(SUM, PRODUCT, PRODUCT),
    ),
    "greater": _compare(">", ">", ">"),
    "greater_equal": _compare("≥", r"\ge", ">="),
    "less": _compare("<", r"\lt", "<"),
    "less_equal": _compare("≤", r"\le", "<="),
    "equal": _compare("=", "=", "=="),
    "not_equal": _compare("≠", r"\ne", "!="),
    "sum": _reduce("sum", r"\sum {0}", _torch_reduce("sum"), r"{g}\text{{ for each entry}}"),
    "mean": _reduce(
        "mean", _MEAN_OF + "{0}", _torch_reduce("mean"), r"\tfrac{{1}}{{n}}\,{g}\text{{ for each entry}}"
    ),
    "prod": _reduce("prod", r"\prod {0}", _torch_prod, r"{g} \cdot \text{{product of the other entries}}"),
    "var": _reduce(
        "var", r"\operatorname{{var}}\left({0}\right)", _torch_var,
        r"\tfrac{{2}}{{n - d}}\,{g} \cdot \left({0} - \overline{{{bare[0]}}}\right)", SUM, ATOM,
    ),
    "max": _reduce(
        "max", r"\max {0}", _torch_reduce("amax"),
        r"{g}\text{{ for the largest entry (shared at a tie), else }}0",
    ),
    "min": _reduce(
        "min", r"\min {0}", _torch_reduce("amin"),
        r"{g}\text{{ for the smallest entry (shared at a tie), else }}0",
    ),
    "logsumexp": _reduce(
        "logsumexp", r"\ln \sum e^{{{0}}}", _torch_reduce("logsumexp"),
        r"{g} \cdot \operatorname{{softmax}}\left({bare[0]}\right)", SUM,
    ),
    "log_softmax": Notation(
        "log_softmax({0})", r"\ln \operatorname{{softmax}}\left({0}\right)", _torch_grouped("log_softmax"),
        (r"{g} - e^{{{bare_out}}} \cdot \sum {g}",), latex_binds=PRODUCT,
    ),
    "softmax": Notation(
        "softmax({0})", r"\operatorname{{softmax}}\left({0}\right)", _torch_grouped("softmax"),
        (r"{out} \cdot \left({g} - \sum {g} \cdot {out}\right)",),
    ),
    "cumsum": Notation(
        lambda i, node: f"cumsum({i[0]}, axis={node.attributes[0]})",
        r"\operatorname{{cumsum}}\left({0}\right)",
        lambda i, node: f"torch.cumsum({i[0]}, dim={node.attributes[0]})",
        (r"\text{{running sums of }}{g}\text{{ from the end}}",),
    ),
    "reshape": _shaped("reshape"),
    "expand_dims": _shaped("expand_dims"),
    "squeeze": _shaped("squeeze"),
    "transpose": Notation(
        lambda i, node: f"{i[0]}ᵀ" if node.ndim == 2 else f"transpose({i[0]})", _transpose_latex, _torch_transpose,
        (r"{g}^{{\top}}",), ATOM, (ATOM,), latex_binds=POWER,
    ),
    "broadcast_to": Notation(
        lambda i, node: f"broadcast({i[0]}, {node.shape})",
        lambda i, node: rf"\operatorname{{broadcast}}\left({i[0]}\right)",
        lambda i, node: f"torch.broadcast_to({i[0]}, {node.shape})",
        (r"{g}\text{{ added up over the copies}}",),
    ),
    "flip": Notation(
        lambda i, node: f"flip({i[0]}{_axes_text(node.attributes[0])})",
        r"\operatorname{{flip}}\left({0}\right)",
        lambda i, node: f"torch.flip({i[0]}, dims={_flipped(node)})",
        (r"\operatorname{{flip}}\left({g}\right)",),
    ),
    "getitem": Notation(
        lambda i, node: f"{i[0]}[{index_text(node.attributes[0])}]", _index_latex,
        lambda i, node: f"{i[0]}[{_torch_index(node.attributes[0], node.inputs[0].shape)}]",
        (r"{g}\text{{ at these entries, else }}0",), ATOM, (ATOM,),
    ),
    "concatenate": Notation(
        lambda i, node: f"join({', '.join(i)})",
        lambda i, node: rf"\operatorname{{join}}\left({', '.join(i)}\right)",
        lambda i, node: f"torch.cat([{', '.join(i)}], dim={node.attributes[0]})",
        (r"\text{{its part of }}{g}",),
    ),
    "mean_squared_error": Notation(
        "mean(({0} − {1})²)", _MEAN_OF + r"\left({0} - {1}\right)^2", "F.mse_loss({0}, {1})",
        (r"\tfrac{{2}}{{n}}\,{g}\,\left({0} - {1}\right)", r"\tfrac{{2}}{{n}}\,{g}\,\left({1} - {0}\right)"),
        needs=(SUM, PRODUCT), latex_binds=SUM,
    ),
    "binary_cross_entropy": Notation(
        "BCE({0}, {1})", r"\operatorname{{BCE}}\left({0}, {1}\right)", "F.binary_cross_entropy({0}, {1})",
        (
            r"\tfrac{{1}}{{n}}\,{g}\,\left(\frac{{1 - {1}}}{{1 - {0}}} - \frac{{{1}}}{{{0}}}\right)",
            r"\tfrac{{1}}{{n}}\,{g}\,\ln\frac{{1 - {0}}}{{{0}}}",
        ), needs=(SUM, SUM),
    ),
    "binary_cross_entropy_with_logits": Notation(
        "BCE(σ({0}), {1})", r"\operatorname{{BCE}}\left(\sigma\left({0}\right), {1}\right)",
        "F.binary_cross_entropy_with_logits({0}, {1})",
        (
            r"\tfrac{{1}}{{n}}\,{g}\,\left(\sigma\left({bare[0]}\right) - {1}\right)",
            r"-\tfrac{{1}}{{n}}\,{g} \cdot {0}",
        ), needs=(SUM, SUM),
    ),
    "cross_entropy": Notation(
        "CE(softmax({0}), {1})", r"\operatorname{{CE}}\left(\operatorname{{softmax}}\left({0}\right), {1}\right)",
        "F.cross_entropy({0}, {1})",
        (
            r"\tfrac{{1}}{{N}}\,{g}\,\left(\operatorname{{softmax}}\left({bare[0]}\right) - {1}\right)",
            r"-\tfrac{{1}}{{N}}\,{g}\,\ln \operatorname{{softmax}}\left({bare[0]}\right)",
        ), needs=(SUM, SUM),
    ),
}  # fmt: skip


def _flipped(node: Tensor) -> tuple[int, ...]:
    axes = node.attributes[0]
    return tuple(range(node.ndim)) if axes is None else tuple(axes)


def notation_of(node: Tensor) -> Notation:
    """The row of a node's operation; an operation without a row is written as a plain function."""
    operation = node.operation
    assert operation is not None
    row = NOTATION.get(operation.name)
    if row is not None:
        return row

    def no_code(_i: list[str], node: Tensor) -> str:
        raise ValueError(
            f"There is no PyTorch line for the operation {operation.name!r}: it only occurs in the graph of a gradient "
            "(create_graph=True). Write the code of the graph that was differentiated instead."
        )

    name = operation.name.replace("_", " ")
    return Notation(
        lambda i, node: f"{name}({', '.join(i)})",
        lambda i, node: rf"\operatorname{{{name}}}\left({', '.join(i)}\right)",
        no_code,
        tuple(r"J^{{\top}} {g}" for _ in node.inputs),
    )
