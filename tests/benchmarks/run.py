"""How fast the engine is, in ratios: python tests/benchmarks/run.py

The sides of a ratio run in one process, in turns, on one thread, and must have computed the same numbers first.
Peers: pip install -r tests/benchmarks/requirements.txt; the rows of one that is missing say so. This is not part of
the gate, since it says as much about the machine and its day as about the code.
"""

# ruff: noqa: E402
import os

for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # read when NumPy and PyTorch are imported

import argparse
import gc
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import classifier
import ours
import scalars
import slices
import xor
from sidebyside import HEAD, RULE, Row, Side, Times, agree, in_turns, loaded_set_aside, ratio

from backprop_lib import Tensor

# The name in the table, and the module that must be there.
PEERS = {"PyTorch": "torch", "HIPS autograd": "autograd", "MyGrad": "mygrad", "micrograd": "micrograd", "JAX": "jax"}


def installed(sides: dict[str, Callable[[], Side]]) -> dict[str, Side]:
    """The sides that can run here, ready to run. What follows a comma in a name tells two of one library apart."""

    def there(name: str) -> bool:
        library = name.partition(",")[0]
        return library not in PEERS or find_spec(PEERS[library]) is not None

    return {name: make() for name, make in sides.items() if there(name)}


def compare(times, above: str, below: str, what: str, **goal) -> Row:
    for name in (above, below):
        if name not in times:
            return Row(what, note=f"{PEERS[name.partition(',')[0]]} is not installed")
    return ratio(times, above, below, what, **goal)


def xor_steps(rounds: int) -> Iterator[Row]:
    sides = {
        "NumPy": xor.numpy_by_hand(),
        "anew": xor.ours(),
        "anew, data": xor.ours(update=ours.by_data),
        "replayed": xor.ours(ours.replayed),
        "replayed, data": xor.ours(ours.replayed, ours.by_data),
    }
    agree(sides, tolerance=1e-9)
    times = in_turns(sides, rounds, calls=100)
    data = "the same with p.data -= rate * p.grad"
    yield compare(times, "anew", "NumPy", "XOR step, built anew / NumPy by hand", at_most=1.5)
    yield compare(times, "anew, data", "NumPy", data, at_most=1.5)
    yield compare(times, "replayed", "NumPy", "XOR step, replayed / NumPy by hand", at_most=1.15)
    yield compare(times, "replayed, data", "NumPy", data, at_most=1.15)

    sides = installed(
        {
            "anew": xor.ours,
            "replayed": lambda: xor.ours(ours.replayed),
            "PyTorch": xor.pytorch,
            "PyTorch, fewest calls": xor.pytorch_fewest_calls,
            "HIPS autograd": xor.autograd,
            "MyGrad": xor.mygrad,
            "micrograd": xor.micrograd,
            "JAX": xor.jax,
        }
    )
    agree(sides, tolerance=1e-9)
    times = in_turns(sides, rounds, calls=20)
    yield compare(times, "PyTorch", "anew", "PyTorch eager / XOR step, built anew", at_least=3)
    yield compare(times, "PyTorch, fewest calls", "anew", "the same with addmm and add_")
    yield compare(times, "HIPS autograd", "anew", "HIPS autograd / XOR step, built anew", at_least=8)
    yield compare(times, "MyGrad", "anew", "MyGrad / XOR step, built anew")
    yield compare(times, "micrograd", "anew", "micrograd / XOR step, built anew")
    yield compare(times, "JAX", "replayed", "JAX compiled / XOR step, replayed")


def scalar_graphs(rounds: int) -> Iterator[Row]:
    program = scalars.mixed_program(2000)
    sides = installed({"ours": lambda: scalars.mixed(program), "micrograd": lambda: scalars.mixed_micrograd(program)})
    agree(sides, tolerance=1e-9)
    what = "2,000 scalar nodes, forward and backward / micrograd"
    # Ten graphs in a turn, as in training: micrograd's are garbage that only Python's collector finds.
    yield compare(in_turns(sides, max(rounds // 10, 2), calls=10), "ours", "micrograd", what, at_most=1)
    yield compare(in_turns(sides, max(rounds // 5, 2)), "ours", "micrograd", "the same, without the garbage it leaves")


def classifier_steps(rounds: int) -> Iterator[Row]:
    sides = installed(
        {
            "NumPy": classifier.numpy_by_hand,
            "anew": classifier.ours,
            "anew, data": lambda: classifier.ours(update=ours.by_data),
            "replayed": lambda: classifier.ours(ours.replayed),
            "PyTorch": classifier.pytorch,
        }
    )
    agree(sides, tolerance=1e-4)  # single precision
    times = in_turns(sides, max(rounds // 6, 2), calls=5)
    yield compare(times, "anew", "NumPy", "784-256-128-10 step, built anew / NumPy by hand", at_most=1.1)
    yield compare(times, "anew, data", "NumPy", "the same with p.data -= rate * p.grad", at_most=1.1)
    yield compare(times, "replayed", "NumPy", "784-256-128-10 step, replayed / NumPy by hand", at_most=1.1)
    yield compare(times, "anew", "PyTorch", "784-256-128-10 step, built anew / PyTorch eager", at_most=1)


def landscapes(rounds: int) -> Iterator[Row]:
    sides = {"loop": slices.loop(), "one pass": slices.one_pass(), "NumPy": slices.numpy_by_hand()}
    agree({name: lambda side=side: side().ravel().tolist() for name, side in sides.items()}, tolerance=1e-12, calls=1)
    what = "loss at 101 × 101 points: {}"
    if not (sides["loop"]() == sides["one pass"]()).all():
        raise AssertionError("The loop and the one pass differ in a bit.")
    slow = in_turns({name: sides[name] for name in ("loop", "one pass")}, max(rounds // 100, 2))
    yield compare(slow, "loop", "one pass", what.format("a loop of forward passes / one pass"), at_least=30)
    quick = in_turns({name: sides[name] for name in ("one pass", "NumPy")}, max(rounds // 5, 2))
    yield compare(quick, "one pass", "NumPy", what.format("one pass / NumPy by hand"), at_most=2)


def laboratories(rounds: int) -> Iterator[Row]:
    """The whole training behind XORLab, with every kept state and its gradients, as the page asks for it."""
    if find_spec("anywidget") is None:
        yield Row("XORLab: 3,000 epochs of 2-4-1", note="anywidget is not installed")
        return
    from backprop_lib.widgets.xor_lab import EPOCHS, Settings, Training

    def whole():
        training = Training(Settings())
        while training.share < 1:
            training.advance()

    times = in_turns({"training": whole}, max(rounds // 30, 1))["training"]
    yield Row(f"XORLab: {EPOCHS:,} epochs of 2-4-1", 1000 * median(times), 1000 * min(times), at_most=500, unit=" ms")


def growth(largest: int) -> Iterator[Row]:
    """Backward over forward, in graphs of single numbers of growing size.

    Without Python's garbage collector: it looks through all living objects again and again while a large graph is
    built, which makes forward longer (the last row says by how much) and would flatter the ratio.
    """
    sizes = [10**k for k in range(3, 7) if 10**k <= largest]
    what = "{} of {:,} nodes: backward / forward"
    with loaded_set_aside():
        gc.disable()
        for shape in (scalars.chain, scalars.wide):
            rows = []
            for nodes in sizes:
                times = forward_and_backward(shape, nodes, max(5, min(100, 500_000 // nodes)))
                rows.append(ratio(times, "backward", "forward", what.format(shape.__name__, nodes), at_most=3))
            yield from rows
            spread = [max(values) / min(values) for values in zip(*((row.by_pairs, row.by_minima) for row in rows))]
            yield Row(f"{shape.__name__}: the largest of these ratios / the smallest", *spread, at_most=1.5)
        without = forward_and_backward(scalars.chain, sizes[-1], 5)["forward"]
        gc.enable()
        times = {"with": forward_and_backward(scalars.chain, sizes[-1], 5)["forward"], "without": without}
        yield ratio(times, "with", "without", f"chain of {sizes[-1]:,} nodes: forward with garbage collector / without")


def forward_and_backward(shape: Callable[[int], Tensor], nodes: int, rounds: int) -> Times:
    times: Times = {"forward": [], "backward": []}
    for _ in range(rounds):
        start = process_time()
        output = shape(nodes)
        built = process_time()
        output.backward()
        times["backward"].append(process_time() - built)
        times["forward"].append(built - start)
        del output
    return times


def python(*command: str) -> str:
    """Run a whole Python process, and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # all libraries start from compiled bytecode, as for everybody
    finished = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return finished.stdout


def time_of_processes() -> float:
    """Seconds of processor time of all processes that were started here and have ended."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def importing(rounds: int) -> Iterator[Row]:
    sides = {"NumPy": lambda: python("-c", "import numpy"), "ours": lambda: python("-c", "import backprop_lib")}
    for side in sides.values():
        side()  # compiles what has not been compiled
    times = in_turns(sides, rounds, clock=time_of_processes)
    beyond = [1000 * (ours - numpy) for ours, numpy in zip(times["ours"], times["NumPy"])]
    fastest = 1000 * (min(times["ours"]) - min(times["NumPy"]))
    yield Row("import backprop_lib, beyond import numpy", median(beyond), fastest, at_most=30, unit=" ms")
    loaded = python("-c", "import sys, backprop_lib; print(*sys.modules)").split()
    extra = len({"matplotlib", "ipywidgets"} & set(loaded))
    yield Row("of matplotlib and ipywidgets, loaded by that import", extra, at_most=0)


def cold_starts(rounds: int, steps: int) -> Iterator[Row]:
    """Whole processes: start Python, import the library, train XOR."""
    programs = {
        "ours": "ours", "NumPy": "numpy_by_hand", "PyTorch": "pytorch", "HIPS autograd": "autograd",
        "MyGrad": "mygrad", "micrograd": "micrograd", "JAX": "jax",
    }  # fmt: skip
    sides = installed(
        {
            name: lambda program=program: lambda: float(python("tests/benchmarks/xor.py", program, str(steps)))
            for name, program in programs.items()
        }
    )
    agree(sides, tolerance=1e-6, calls=1)
    times = in_turns(sides, rounds, clock=time_of_processes)
    yield compare(times, "ours", "NumPy", f"cold start and {steps:,} XOR steps, built anew / NumPy by hand")
    for name in PEERS:
        yield compare(times, name, "ours", f"cold start and {steps:,} XOR steps: {name} / built anew", at_least=1)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=300, help="of the quickest rows; the others take fewer")
    options.add_argument("--largest", type=int, default=1_000_000, help="nodes of the largest graph")
    options.add_argument("--steps", type=int, default=3000, help="of training after a cold start")
    chosen = options.parse_args()
    libraries = ["numpy", *(module for module in PEERS.values() if find_spec(module))]
    print(f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in libraries)}")
    print(f"One thread, {chosen.rounds} rounds. Each ratio is one time over another: A / B.\n")
    for line in (HEAD, RULE):
        print(line)
    for group in (
        xor_steps(chosen.rounds),
        scalar_graphs(chosen.rounds),
        classifier_steps(chosen.rounds),
        landscapes(chosen.rounds),
        laboratories(chosen.rounds),
        growth(chosen.largest),
        importing(max(chosen.rounds // 10, 1)),
        cold_starts(max(chosen.rounds // 60, 1), chosen.steps),
    ):
        for row in group:
            print(row, flush=True)


if __name__ == "__main__":
    main()
