"""Read a typed expression such as "(x + y) * z" and build its graph. It is parsed, never run as Python.

What may be written: numbers, names, + − * / **, parentheses, the functions in `FUNCTIONS`, and lines that name an
intermediate value, `q = x + y; q * z`. Signs as they are printed, − · × ÷ ² ₁ σ(x), mean the same as those of Python.
Anything else is refused with a sentence that says what and why.
"""

import ast
import keyword
import re
import unicodedata
import warnings
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from . import functional
from .tensor import Tensor

FUNCTIONS = {
    name: getattr(functional, name)
    for name in (
        "exp", "log", "sqrt", "square", "sin", "cos", "tanh", "sigmoid", "softplus", "relu", "leaky_relu", "abs",
        "maximum", "minimum",
    )
}  # fmt: skip
_PRINTED_FUNCTIONS = {"σ": "sigmoid", "ReLU": "relu", "max": "maximum", "min": "minimum", "ln": "log"}
_OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
# Signs as they are printed, and as Python reads them; − – · ⋅ ∙ × ÷ ∕ ⁄, the spaces that do not break, lowered digits.
_PRINTED = str.maketrans(
    "\u2212\u2013\u00b7\u22c5\u2219\u00d7\u00f7\u2215\u2044\u00a0\u2009\u202f₀₁₂₃₄₅₆₇₈₉", "--****///   0123456789"
)
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_LONGEST = 200  # characters
_MOST_NODES = 40  # a network of 2-2-1 neurons with its loss has 35


class ExpressionError(ValueError):
    """The text is not an expression that can be drawn; the message says why and what to write instead."""


def build(text: str, values: Mapping[str, float], fixed: Collection[str] = ()) -> Tensor:
    """The Tensor that the expression computes, with one leaf for each name.

    text : the expression, at most 200 characters. values : a number for each name in it; others are not used.
    fixed : the names that get no gradient, such as an example's input and target.
    Raises ExpressionError for everything that is not such an expression, and where its value is not a finite number.
    """
    text = _in_pythons_signs(text)
    if len(text) > _LONGEST:
        raise ExpressionError(f"An expression may have {_LONGEST} characters; this one has {len(text)}.")
    try:
        lines = _parsed(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"This cannot be read as an expression: {_why(text, error)}") from None
    if not lines:
        raise ExpressionError("There is nothing to compute yet. Write an expression, for example (x + y) * z.")
    builder = _Builder(text, values, fixed)
    with np.errstate(all="ignore"):
        for line in lines[:-1]:
            builder.line(line)
        output = builder.line(lines[-1])
    if not isinstance(output, Tensor) or output.is_leaf:
        raise ExpressionError("The expression computes nothing. Combine at least one name with something: x + 1.")
    builder.refuse_unused(lines, output)
    return output


def names_in(text: str) -> list[str]:
    """The names that need a value, in the order of their first use; empty where the text cannot be read."""
    try:
        tree = _parsed(_in_pythons_signs(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    nodes = sorted((n for n in ast.walk(tree) if isinstance(n, ast.Name)), key=lambda n: (n.lineno, n.col_offset))
    made = {n.id for n in nodes if isinstance(n.ctx, ast.Store)}
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    loaded = [n.id for n in nodes if isinstance(n.ctx, ast.Load) and id(n) not in called]
    used = [name for name in loaded if name not in FUNCTIONS and name not in made]
    return list(dict.fromkeys(used))


def read_values(text: str) -> dict[str, float]:
    """Numbers by name from a text such as "x = 2, y = −1.5". Raises ExpressionError for anything else."""
    values: dict[str, float] = {}
    for part in re.split("[,;\n]", _in_pythons_signs(text)):
        if not part.strip():
            continue
        name, sign, number = (piece.strip() for piece in part.partition("="))
        if not sign or not name.isidentifier():
            raise ExpressionError(f"Values are written as x = 2, y = 3; this part is not: {_quoted(part.strip())}.")
        name = unicodedata.normalize("NFKC", name)  # as Python does with the names that it reads
        if keyword.iskeyword(name) or name in FUNCTIONS:
            kind = "a word of Python" if keyword.iskeyword(name) else "a function"
            raise ExpressionError(f"{_quoted(name)} is {kind} and cannot be a name here. Use another, such as {name}_.")
        if name in values:
            raise ExpressionError(f"{_quoted(name)} has two values. Give it one.")
        try:
            values[name] = float(number)
        except ValueError:
            raise ExpressionError(f"{_quoted(name)} needs a number; given was {_quoted(number)}.") from None
        if not np.isfinite(values[name]):
            raise ExpressionError(f"{_quoted(name)} needs a finite number; given was {_quoted(number)}.")
    return values


class _Builder:
    """Walks the parsed text and computes with Tensors; knows the names that have a value so far."""

    def __init__(self, text: str, values: Mapping[str, float], fixed: Collection[str] = ()):
        self.text = text
        self.values = {unicodedata.normalize("NFKC", name): value for name, value in values.items()}
        self.fixed = {unicodedata.normalize("NFKC", name) for name in fixed}
        self.known: dict[str, Tensor] = {}
        self.nodes = 0

    def line(self, line: ast.stmt) -> Tensor | float:
        if isinstance(line, ast.Expr):
            return self.value(line.value)
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
            name = line.targets[0].id
            value = self.value(line.value)
            if name in self.known or name in FUNCTIONS:
                raise ExpressionError(f"{_quoted(name)} means something already. Use another name for this line.")
            if not isinstance(value, Tensor) or value.is_leaf:
                raise ExpressionError(
                    f"{_quoted(name)} only renames a value. Name something that is computed: q = x + y."
                )
            value.name = name
            self.known[name] = value
            return value
        raise self.refused(line)

    def refuse_unused(self, lines: Sequence[ast.stmt], output: Tensor) -> None:
        """A line that the last one does not use would silently be missing in the picture."""
        for line in lines[:-1]:
            if isinstance(line, ast.Expr):
                raise ExpressionError(
                    f"{self.piece(line)} has no name, so no line after it can use it. Name it: q = x + y; q * z."
                )
        used, waiting = set(), [output]
        while waiting:
            node = waiting.pop()
            used.add(id(node))
            waiting += [each for each in node.inputs if id(each) not in used]
        for name, value in self.known.items():
            if not value.is_leaf and id(value) not in used:
                raise ExpressionError(f"The last line makes no use of {_quoted(name)}. Use it there, or leave it out.")

    def value(self, node: ast.expr) -> Tensor | float:
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise ExpressionError(f"An expression may have {_MOST_NODES} parts; this one has more. Draw a piece of it.")
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return self.finite(float(node.value), node)
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            operand = self.value(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = self.value(node.left), self.value(node.right)
            try:
                result = _OPERATORS[type(node.op)](left, right)
            except (ZeroDivisionError, OverflowError):  # of two plain numbers
                raise ExpressionError(f"{self.piece(node)} has no finite value.") from None
            if isinstance(result, complex):  # of two plain numbers as well
                raise ExpressionError(f"{self.piece(node)} has no value among the real numbers.")
            return self.finite(result, node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = _PRINTED_FUNCTIONS.get(node.func.id, node.func.id)
            if function in FUNCTIONS:
                return self.call(node, function)
        raise self.refused(node)

    def call(self, node: ast.Call, name: str) -> Tensor:
        wanted = 2 if name in ("maximum", "minimum") else 1
        if node.keywords or len(node.args) != wanted or any(isinstance(a, ast.Starred) for a in node.args):
            raise ExpressionError(f"{name} takes {wanted} value{'s' if wanted > 1 else ''} in its parentheses.")
        result = FUNCTIONS[name](*[self.value(argument) for argument in node.args])
        return self.finite(result, node)

    def name(self, name: str) -> Tensor:
        if name in FUNCTIONS:
            raise ExpressionError(f"{name} is a function: write {name}(x).")
        if name not in self.known:
            if name not in self.values:
                raise ExpressionError(f"{_quoted(name)} has no value yet. Give it one: {name[:20]} = 2.")
            self.known[name] = Tensor(float(self.values[name]), requires_grad=name not in self.fixed, name=name)
        return self.known[name]

    def finite(self, value, node: ast.expr):
        if not np.isfinite(value.data if isinstance(value, Tensor) else value):
            raise ExpressionError(f"{self.piece(node)} has no finite value at these numbers. Choose others.")
        return value

    def refused(self, node: ast.AST) -> ExpressionError:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            hint = "Write ** for a power."
        elif isinstance(node, ast.Call):
            hint = f"Every product needs its sign: 2*(x + 1), not 2(x + 1). The functions are {', '.join(FUNCTIONS)}."
        else:
            hint = f"Numbers, names, + - * / **, parentheses and these functions can be used: {', '.join(FUNCTIONS)}."
        return ExpressionError(f"{self.piece(node)} cannot be drawn. {hint}")

    def piece(self, node: ast.AST) -> str:
        return _quoted(ast.get_source_segment(self.text, node) or self.text)


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def _in_pythons_signs(text: str) -> str:
    """The text with the printed signs replaced: x² − 2·z₁ becomes x**2 - 2*z1."""
    text = text.strip().translate(_PRINTED)
    return re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda raised: f"**{raised[0].translate(_RAISED)}", text)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of code that looks odd; here the whole text is judged
        return ast.parse(text)


def _why(text: str, error: Exception) -> str:
    """What is wrong with a text that is no Python, in a sentence, with the remedy where it is plain."""
    message, (words, products) = getattr(error, "msg", ""), (re.findall(r"[^\W\d]\w*", text), _with_product_signs(text))
    python = next((word for word in words if keyword.iskeyword(word)), None)
    if python:
        return f"{_quoted(python)} is a word of Python and cannot be a name here. Use another, such as {python}_."
    if message.startswith("invalid character"):
        return f"it has no use for the sign {_quoted(message.split(chr(39))[1])}. Write numbers, names and + - * / **."
    if "closed" in message or "unmatched" in message:
        return f"{_near(text, error)}. Every parenthesis needs its partner."
    try:
        _parsed(products)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"{_near(text, error)}."
    return f"{_near(text, error)}. Every product needs its sign: 2*x, not 2x."


def _with_product_signs(text: str) -> str:
    """The text with a * wherever two parts stand side by side: 2x, x y, (x)y."""
    text = re.sub(r"(?<![\w.])(\d+\.?\d*)(?=[^\W\d])", r"\1*", text)
    return re.sub(r"(?<=[\w)])[ \t]+(?=[\w(])|(?<=\))(?=\w)", "*", text)


def _near(text: str, error: Exception) -> str:
    position = getattr(error, "offset", None)
    line = getattr(error, "lineno", None)
    if not position or not line or line > len(text.splitlines()):
        return _quoted(text)
    return f"look near {_quoted(text.splitlines()[line - 1][max(0, position - 8) : position + 8].strip())}"
