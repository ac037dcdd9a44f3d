"""The house rules of the notebooks, as far as they can be read off a file without running it.

    python tests/notebook_rules.py            prints every violation, then a table of measures

CONTRIBUTING.md states the rules in words. Each rule is one function, a generator of findings: the number of
the cell (from 1; None for the whole notebook), and what is wrong and what to do. `violations` collects them.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import nbformat
from execute import NOTEBOOKS, WIDGET_VIEW, text

MAX_LINES = 12
MAX_BYTES = 1_000_000
MAX_DIGITS = 6

# Parts of the skeleton that a notebook does without, by its file name. A part that is listed here and yet
# there is itself a violation, so the list cannot outlive its reason.
LEFT_OUT: dict[str, set[str]] = {}

Finding = tuple[int | None, str]


@dataclass
class Notebook:
    """A notebook file, read once, with what several rules ask of it."""

    path: Path
    raw: str = field(init=False)

    def __post_init__(self) -> None:
        self.raw = self.path.read_text(encoding="utf-8")
        self.node = nbformat.reads(self.raw, as_version=4)
        self.cells = list(enumerate(self.node.cells, start=1))
        self.code = [(i, cell) for i, cell in self.cells if cell.cell_type == "code"]
        self.prose = [(i, cell) for i, cell in self.cells if cell.cell_type == "markdown"]
        self.headings = [(i, *heading) for i, cell in self.prose for heading in headings(cell.source)]

    def trees(self) -> Iterator[tuple[int, ast.Module]]:
        """The code cells that are plain Python; `plain_python` names the others."""
        for i, cell in self.code:
            try:
                yield i, ast.parse(cell.source)
            except SyntaxError:
                continue

    def section(self, title: str) -> list[tuple[int, nbformat.NotebookNode]]:
        """The cells from the heading `## title` up to the next heading of level 1 or 2; [] without one."""
        starts = [i for i, level, _ in self.headings if level <= 2]
        for i, level, name in self.headings:
            if level == 2 and name == title:
                end = min((s for s in starts if s > i), default=len(self.cells) + 1)
                return self.cells[i - 1 : end - 1]
        return []


# --- reading Markdown, Python and HTML ------------------------------------------------------------


def without_code(markdown: str) -> str:
    markdown = re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", markdown)


def headings(markdown: str) -> list[tuple[int, str]]:
    """(level, text) of each heading, the text as a reader sees it."""
    markdown = re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.M | re.S)
    found = re.findall(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", markdown, flags=re.M)
    return [(len(marks), re.sub(r"[*`]|\[([^]]*)\]\([^)]*\)", r"\1", title)) for marks, title in found]


def words(markdown: str) -> int:
    plain = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$|<[^>]*>|\]\([^)]*\)", " ", without_code(markdown), flags=re.S)
    return len(re.findall(r"[^\W\d_][\w'’-]*", plain))


def calls(tree: ast.AST) -> Iterator[tuple[list[str], ast.Call]]:
    """Every call with its dotted name in parts: `check.slope(x)` gives ["check", "slope"]."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            parts: list[str] = []
            function = node.func
            while isinstance(function, ast.Attribute):
                parts.append(function.attr)
                function = function.value
            if isinstance(function, ast.Name):
                parts.append(function.id)
            yield parts[::-1], node


def asks(cell: nbformat.NotebookNode, *kinds: str) -> bool:
    """Whether a code cell calls, for the kind "check": check, check_slope, check.slope or lesson.check."""
    if cell.cell_type != "code":
        return False
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    return any(
        part == kind or part.startswith(kind + "_") for kind in kinds for name, _ in calls(tree) for part in name
    )


class Pictures(HTMLParser):
    """What stands in a piece of HTML: its text, and the text alternative of each picture.

    An alternative is None where there is none, "" where it stands elsewhere in the page (aria-labelledby).
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.alternatives: list[str | None] = []
        self.text: list[str] = []
        self.tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        given = dict(attributes)
        if tag == "img":
            self.alternatives.append(given.get("alt") or None)
        elif tag == "svg":
            named_elsewhere = "" if given.get("aria-labelledby") else None
            label = given.get("aria-label") or named_elsewhere
            self.alternatives.append(label if given.get("role") == "img" else None)

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""

    def handle_data(self, data: str) -> None:
        if self.tag not in ("style", "script"):
            self.text.append(data)


def is_sentence(words: str) -> bool:
    words = words.strip()
    return len(words.split()) >= 4 and not words.startswith("<") and words.endswith((".", "!", "?"))


def printed(output: nbformat.NotebookNode) -> str:
    """An output's text as a learner reads it."""
    data = output.get("data", {})
    html = " ".join(Pictures(data.get("text/html", "")).text)
    return "\n".join((output.get("text", ""), data.get("text/plain", ""), html))


# --- the rules: the code cells --------------------------------------------------------------------


def short_cells(nb: Notebook) -> Iterator[Finding]:
    for i, cell in nb.code:
        lines = len(cell.source.strip().splitlines())
        if lines > MAX_LINES:
            yield (
                i,
                f"has {lines} lines of code, at most {MAX_LINES} are allowed: split it, with prose between",
            )


def prose_between(nb: Notebook) -> Iterator[Finding]:
    for i, cell in nb.cells:
        if not cell.source.strip():
            yield i, "is empty: delete it"
        if cell.cell_type == "raw":
            yield i, "is a raw cell, which no reader sees: make it Markdown or delete it"
    for (_, first), (i, second) in pairwise((i, c) for i, c in nb.cells if c.source.strip()):
        if first.cell_type == second.cell_type == "code":
            yield i, "is a code cell straight after another: say in prose what comes, or merge the two"


def plain_python(nb: Notebook) -> Iterator[Finding]:
    parsed = {i for i, _ in nb.trees()}
    for i, cell in nb.code:
        if i not in parsed:
            yield i, "is not plain Python: no %magic, no !command, no syntax error"
            continue
        tokens = tokenize.generate_tokens(io.StringIO(cell.source).readline)
        if any(token.type == tokenize.OP and token.string == ";" for token in tokens):
            yield i, "has a semicolon: end with the value to be shown, or assign it to a name"
    for i, tree in nb.trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                yield i, f"imports * from {node.module}: name what is used"


def same_every_time(nb: Notebook) -> Iterator[Finding]:
    changing = {"time", "datetime", "random", "uuid", "secrets"}
    seeded = {"default_rng", "Generator", "PCG64", "SeedSequence"}
    for i, tree in nb.trees():
        for node in ast.walk(tree):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in changing.intersection(m.split(".")[0] for m in modules):
                yield i, f"imports {module}, another result in each run: use numpy's default_rng(seed)"
        for name, call in calls(tree):
            if name[-1:] == ["default_rng"] and not call.args and not call.keywords:
                yield i, "calls default_rng() with no seed: give it one"
            elif "random" in name[:-1] and name[-1] not in seeded:
                yield i, f"calls {'.'.join(name)}, with a hidden global state: use numpy's default_rng(seed)"


def no_way_round_the_gate(nb: Notebook) -> Iterator[Finding]:
    for i, cell in nb.code:
        tags = [t for t in cell.metadata.get("tags", []) if t.startswith("nbval") or t == "raises-exception"]
        if tags or re.search(r"#.*(NBVAL_|PYTEST_VALIDATE)", cell.source):
            yield i, "switches nbval off: every output is compared (print an error that is meant)"


def no_stored_answers(nb: Notebook) -> Iterator[Finding]:
    for i, tree in nb.trees():
        for name, call in calls(tree):
            if {"check", "predict", "quiz"} & {part.split("_")[0] for part in name}:
                for keyword in call.keywords:
                    if keyword.arg in {"expected", "truth", "solution", "correct", "answer_key"}:
                        yield (
                            i,
                            f"stores an answer ({keyword.arg}=…): the check recomputes it from its inputs",
                        )


# --- the rules: what is saved ---------------------------------------------------------------------


def executed_in_order(nb: Notebook) -> Iterator[Finding]:
    for expected, (i, cell) in enumerate(nb.code, start=1):
        if cell.execution_count != expected:
            yield i, f"has execution count {cell.execution_count}, should be {expected}: run tests/execute.py"
        for output in cell.outputs:
            if output.output_type == "execute_result" and output.execution_count != cell.execution_count:
                yield i, f"has an output of run {output.execution_count}: run tests/execute.py"


def clean_outputs(nb: Notebook) -> Iterator[Finding]:
    for i, cell in nb.code:
        for output in cell.outputs:
            if output.output_type == "error":
                yield i, f"stopped with an error: {output.ename}: {output.evalue}"
            if output.get("name") == "stderr":
                yield i, f"warns: {output.text.strip()[:200]}"
            if WIDGET_VIEW in output.get("data", {}):
                yield i, "saves a widget with no static form: give it text/html and a sentence"
            shown = printed(output)
            if address := re.search(r"0x[0-9a-fA-F]{6,}", shown):
                yield i, f"prints a memory address ({address[0]}), another one in each run"
            if machine := re.search(r"(/tmp/|/home/|/root/|/Users/|[A-Z]:\\Users\\)\S*", shown):
                yield i, f"prints a path of one machine ({machine[0]})"
            for number in re.findall(r"(?<![\w.])\d+\.\d+", shown):
                if len(number.replace(".", "").lstrip("0")) > MAX_DIGITS:
                    yield i, f"prints {number}: at most {MAX_DIGITS} significant digits"


def pictures_say_it(nb: Notebook) -> Iterator[Finding]:
    for i, cell in nb.code:
        for output in cell.outputs:
            data = output.get("data", {})
            pictures = Pictures(data.get("text/html", "")).alternatives
            if not pictures and not any(mime.startswith("image/") for mime in data):
                continue
            sentence = data.get("text/plain", "")
            if not is_sentence(sentence):
                yield i, f"shows a picture whose text/plain states no finding: {sentence[:80]!r}"
            if not pictures:
                yield i, "shows a picture without alt text: add text/html with <img alt=…>"
            for alternative in pictures:
                if alternative is None:
                    yield i, "shows a picture without alt text (img: alt; svg: role=img and aria-label)"
                elif alternative not in sentence:
                    yield i, f"has an alt text that its text/plain does not say: {alternative[:80]!r}"
    for i, cell in nb.prose:
        source = without_code(cell.source)
        if re.search(r"!\[\s*\]\(", source) or None in Pictures(source).alternatives:
            yield i, "has a picture without alt text"


def committed_form(nb: Notebook) -> Iterator[Finding]:
    if len(nb.raw.encode()) > MAX_BYTES:
        yield None, f"is {len(nb.raw.encode()):,} bytes, at most {MAX_BYTES:,} are allowed"
    if "widgets" in nb.node.metadata:
        yield None, "saves widget state: run tests/execute.py"
    if nb.node.metadata.get("language_info", {}).get("name") != "python":
        yield None, "has no metadata.language_info.name 'python', which the in-browser edition needs"
    if nb.node.metadata.get("kernelspec", {}).get("name") != "python3":
        yield None, "has another kernelspec than python3"
    if nb.raw != text(nb.node):
        yield None, "is not in the committed form (metadata, indentation): run tests/execute.py"


# --- the rules: prose -----------------------------------------------------------------------------


def well_headed(nb: Notebook) -> Iterator[Finding]:
    if not nb.headings or nb.headings[0][:2] != (1, 1):
        yield 1, "does not open with the title, '# …'"
    for i, level, title in nb.headings[1:]:
        if level == 1:
            yield i, f"has a second title '# {title}': one for each notebook"
    for (_, above, _), (i, level, title) in pairwise(nb.headings):
        if level > above + 1:
            yield i, f"heading '{title}' skips a level ({above} to {level})"
    seen: set[str] = set()
    for i, _, title in nb.headings:
        if title in seen:
            yield i, f"repeats the heading '{title}': a link to it would be ambiguous"
        seen.add(title)


def skeleton_parts(nb: Notebook) -> dict[str, str | None]:
    """Part of the skeleton -> what is missing of it, None where it is complete."""
    opening = "\n".join(cell.source for i, cell in nb.prose if i == 1)

    def labelled(label: str, value: str = r"\s*\S") -> str | None:
        return (
            None
            if re.search(rf"^\*\*{label}:\*\*{value}", opening, flags=re.M)
            else (f"the first cell has no line '**{label}:** …'")
        )

    def section(title: str, *kinds: str) -> str | None:
        cells = nb.section(title)
        if not cells:
            return f"there is no section '## {title}'"
        if kinds and not any(asks(cell, *kinds) for _, cell in cells):
            return f"section '## {title}' asks nothing (no call of {' or '.join(kinds)})"
        return None

    def what_next() -> str | None:
        linked = any("](" in cell.source for _, cell in nb.section("What next"))
        return section("What next") or (None if linked else "section '## What next' links nowhere")

    return {
        "objectives": labelled("Objectives"),
        "prerequisites": labelled("Prerequisites"),
        "minutes": labelled("Minutes", r" \d+\s*$"),
        "gate": section("Already know this?", "check", "quiz", "predict", "gate"),
        "exercises": exercises(nb),
        "misconception": misconception(nb),
        "quiz": section("Quiz", "quiz"),
        "recap": section("Recap"),
        "what next": what_next(),
    }


def exercises(nb: Notebook) -> str | None:
    if not nb.section("Exercises"):
        return "there is no section '## Exercises'"
    starts = [(i, title) for i, _, title in nb.headings]
    found = [(k, title) for k, (_, title) in enumerate(starts) if re.match(r"Exercise \d+:", title)]
    if [int(re.findall(r"\d+", title)[0]) for _, title in found] != list(range(1, len(found) + 1)) or len(found) < 3:
        return "there are not three or more '### Exercise N: …', numbered from 1"
    for k, title in found:
        end = starts[k + 1][0] if k + 1 < len(starts) else len(nb.cells) + 1
        if not any(asks(cell, "check") for _, cell in nb.cells[starts[k][0] - 1 : end - 1]):
            return f"'{title}' has no code cell that calls check"
    return None


def misconception(nb: Notebook) -> str | None:
    labels = ("Many people think", "Watch it fail", "What is true")
    at = {label: next((i for i, cell in nb.prose if f"**{label}" in cell.source), None) for label in labels}
    for label, i in at.items():
        if i is None:
            return f"there is no misconception box: '**{label}**' is missing"
    think, fail, true = (i or 0 for i in at.values())
    if not think <= fail or not any(fail < i < true for i, _ in nb.code):
        return "the misconception box does not run a cell between '**Watch it fail**' and '**What is true**'"
    return None


def skeleton(nb: Notebook) -> Iterator[Finding]:
    left_out = LEFT_OUT.get(nb.path.name, set())
    for part, missing in skeleton_parts(nb).items():
        if missing and part not in left_out:
            yield None, f"{part}: {missing}"
        elif not missing and part in left_out:
            yield None, f"{part}: is there, so take it out of LEFT_OUT in tests/notebook_rules.py"


def anchors(path: Path) -> set[str]:
    """What a link into a file can point at: JupyterLab's form for a notebook, a code host's for Markdown."""
    if path.suffix == ".ipynb":
        return {title.replace(" ", "-") for _, _, title in Notebook(path).headings}
    titles = (title for _, title in headings(path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(markdown: str, source: Path) -> Iterator[str]:
    """The targets of `markdown`, which stands in the file `source`, that lead nowhere (no network)."""
    markdown = without_code(markdown)
    targets = re.findall(r"\]\(<?([^)\s>]+)", markdown) + re.findall(r"(?:href|src)=[\"']([^\"']+)", markdown)
    for target in targets:
        if re.match(r"(https?|mailto):", target) or target.startswith("data:"):
            continue
        file, _, fragment = unquote(target).partition("#")
        path = (source.parent / file).resolve() if file else source
        if not path.exists():
            yield f"links to {target}, but there is no such file"
        elif fragment and fragment not in anchors(path):
            yield f"links to {target}, but {path.name} has no such heading"


def links_resolve(nb: Notebook) -> Iterator[Finding]:
    for i, cell in nb.prose:
        for broken in broken_links(cell.source, nb.path):
            yield i, broken


RULES: tuple[Callable[[Notebook], Iterator[Finding]], ...] = (
    short_cells,
    prose_between,
    plain_python,
    same_every_time,
    no_way_round_the_gate,
    no_stored_answers,
    executed_in_order,
    clean_outputs,
    pictures_say_it,
    committed_form,
    well_headed,
    skeleton,
    links_resolve,
)


def violations(path: Path) -> list[str]:
    """Every violation in one notebook, each with the notebook and the cell."""
    nb = Notebook(path)
    found = (finding for rule in RULES for finding in rule(nb))
    return [f"{path.name}{f', cell {i}' if i else ''}: {message}" for i, message in found]


def measures(path: Path) -> dict[str, float]:
    nb = Notebook(path)
    lines = [len(cell.source.strip().splitlines()) for _, cell in nb.code]
    return {
        "cells": len(nb.cells),
        "code": len(nb.code),
        "median lines": statistics.median(lines or [0]),
        "longest": max(lines, default=0),
        "words/code": round(sum(words(cell.source) for _, cell in nb.prose) / max(len(nb.code), 1)),
        "with output": sum(bool(cell.outputs) for _, cell in nb.code),
        "kB": round(len(nb.raw.encode()) / 1000),
    }


def main() -> int:
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        print("there is no notebook in notebooks/")
        return 1
    found = [violation for path in paths for violation in violations(path)]
    print(*found, sep="\n", end="\n" if found else "")
    for k, path in enumerate(paths):
        row = measures(path)
        if k == 0:
            print(f"{'':40}" + "".join(f"{name:>14}" for name in row))
        print(f"{path.name:40}" + "".join(f"{value:>14g}" for value in row.values()))
    print(f"{len(paths)} notebooks, {len(found)} violations (aim: median 4 lines, 60 to 120 words a code cell)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
