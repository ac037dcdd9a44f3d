"""The hub, its students and the report; run.py starts this in an environment that has a hub."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

import psutil
import requests
from student import PATIENCE, Student, Update

ROOT = Path(__file__).resolve().parents[2]
COURSE = "backprop-notebooks"  # as values.yaml calls the folder
MIB = 2**20


def free_ports(number: int) -> list[str]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def end_with_the_parent() -> None:
    """Linux then ends this process as soon as the one that started it is gone, for whatever reason."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Hub:
    """JupyterHub with its proxy on loopback. Leaving the context ends every process that came from it."""

    def __init__(self, proxy: str, names: list[str]):
        self.proxy, self.names = proxy, names

    def __enter__(self) -> Hub:
        self._private = tempfile.TemporaryDirectory(prefix="load-", ignore_cleanup_errors=True)
        self.folder = Path(self._private.name)
        # In the environment of all that is started: how it is found again.
        self.run = os.environ.get("LOAD_NAMED", uuid4().hex)
        port, hub_port, proxy_port = free_ports(3)
        self.address = f"http://127.0.0.1:{port}"
        for name in self.names:
            copy_course(self.folder / "homes" / name / COURSE)
        installed = Path(sys.executable).parent
        environment = {
            "PATH": os.pathsep.join([str(installed), os.environ.get("PATH", os.defpath)]),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "LOAD_RUN": self.run,
            "LOAD_VALUES": str(ROOT / "classroom" / "hub" / "values.yaml"),
            "LOAD_HOMES": str(self.folder / "homes"),
            "LOAD_PORT": port,
            "LOAD_HUB_PORT": hub_port,
            "LOAD_PROXY_PORT": proxy_port,
            "LOAD_PROXY": self.proxy,
        }
        self._log = (self.folder / "log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", str(Path(__file__).with_name("hub_config.py"))],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_the_parent,
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()  # the hub then ends the servers and the proxy, and these their kernels
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        left = self.processes()
        for process in left:
            process.kill()
        psutil.wait_procs(left, 10)
        self._process.wait()
        self._log.close()
        self._private.cleanup()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                requests.get(f"{self.address}/hub/api/", timeout=10).raise_for_status()
                return
            except requests.RequestException:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"JupyterHub did not start:\n{self.log}") from None
                time.sleep(0.2)

    @property
    def log(self) -> str:
        """The end of what the hub and the servers have written."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def processes(self, name: str | None = None) -> list[psutil.Process]:
        """All that came from this hub, or a student's: the server and the kernel."""
        found = []
        for process in psutil.process_iter():
            try:
                environment = process.environ()
            except psutil.Error:  # another user's, or one that has just ended
                continue
            if environment.get("LOAD_RUN") == self.run and name in (None, environment.get("JUPYTERHUB_USER")):
                found.append(process)
        return found


def copy_course(folder: Path) -> None:
    """What a student's storage holds when the course has just been pulled: no bytecode, no caches."""
    for part in ("backprop_lib", "notebooks"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))


@dataclass
class Stay:
    """What one student went through."""

    student: Student
    failure: str = ""
    ready: float = 0.0  # seconds from knocking at the hub's door to the last cell's end
    server_up: float = 0.0
    updates: list[Update] = field(default_factory=list)


def arrive(stay: Stay, notebook: str) -> None:
    started = time.monotonic()
    try:
        stay.student.log_in()
        stay.student.start_server()
        stay.server_up = time.monotonic() - started
        for source in stay.student.open(f"{COURSE}/notebooks/{notebook}.ipynb"):
            stay.student.run(source)
        stay.student.slider()
        stay.ready = time.monotonic() - started
    except Exception as error:  # whatever it is, the others go on and it stands in the report
        stay.failure = f"{type(error).__name__}: {error}"


def move(stay: Stay, changes: int) -> None:
    try:
        stay.updates = stay.student.drag(changes)
    except Exception as error:
        stay.failure = f"{type(error).__name__}: {error}"


def percentile_95(values: list[float]) -> float:
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]


@dataclass
class Use:
    """Memory in MiB and processor time in seconds of one student's server and kernel."""

    server: float
    kernel: float
    pss: float
    seconds: float

    @classmethod
    def of(cls, processes: list[psutil.Process]) -> Use:
        use = cls(0.0, 0.0, 0.0, 0.0)
        for process in processes:
            memory, times = process.memory_full_info(), process.cpu_times()
            if "ipykernel_launcher" in process.cmdline():
                use.kernel += memory.rss / MIB
            else:
                use.server += memory.rss / MIB
            use.pss += memory.pss / MIB
            use.seconds += times.user + times.system
        return use


def report(stays: list[Stay], before: list[Use], after: list[Use], changes: int) -> None:
    ready = [stay.ready for stay in stays]
    up = [stay.server_up for stay in stays]
    updates = [1000 * update.seconds for stay in stays for update in stay.updates]
    moved, merged = changes * len(stays), sum(stay.student.merged for stay in stays)
    answered = sum(update.drawn == update.value for stay in stays for update in stay.updates)
    spent = 1000 * (sum(use.seconds for use in after) - sum(use.seconds for use in before)) / len(updates)
    rss = [use.server + use.kernel for use in after]
    rows = [
        ("all servers up after", f"{max(up):.1f} s (median {median(up):.1f} s)"),
        ("all ready, every cell run, after", f"{max(ready):.1f} s (median {median(ready):.1f} s)"),
        ("processor time until ready, a student", f"{median(use.seconds for use in before):.1f} s"),
        (
            "memory a student (RSS)",
            f"{median(rss):.0f} MiB (server {median(use.server for use in after):.0f}, "
            f"kernel {median(use.kernel for use in after):.0f}; most {max(rss):.0f})",
        ),
        ("memory a student (PSS: what is shared, divided)", f"{median(use.pss for use in after):.0f} MiB"),
        (
            "an update, message to new picture",
            f"{median(updates):.0f} ms (95th percentile {percentile_95(updates):.0f})",
        ),
        ("processor time of an update, server and kernel", f"{spent:.1f} ms"),
        (
            "positions of the slider",
            f"{moved}: {answered} sent and answered, {merged} merged into a later one, "
            f"{moved - answered - merged} lost",
        ),
    ]
    for what, figure in rows:
        print(f"{what:<48} {figure}")


def main(proxy: str, students: int, changes: int, notebook: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the hub is left, and with it all its processes
    names = [f"student-{number:02}" for number in range(1, students + 1)]
    load = os.getloadavg()[0]
    print(
        f"{students} students at once, {notebook}, {os.cpu_count()} cores, load before the run {load:.1f}", flush=True
    )
    # The hub is left first: whoever still waits for it then fails at once.
    with ThreadPoolExecutor(students) as pool, Hub(proxy, names) as hub:
        stays = [Stay(Student(hub.address, name)) for name in names]
        list(pool.map(lambda stay: arrive(stay, notebook), stays))
        there = [stay for stay in stays if not stay.failure]
        before = [Use.of(hub.processes(stay.student.name)) for stay in there]
        list(pool.map(lambda stay: move(stay, changes), there))
        after = [Use.of(hub.processes(stay.student.name)) for stay in there]
        failed = [stay for stay in stays if stay.failure]
        for stay in failed:
            print(f"FAILED {stay.student.name}: {stay.failure}")
        if failed:
            print(hub.log)
        else:
            report(stays, before, after, changes)
    if left := hub.processes():
        print(f"FAILED to end {left}")
    print(f"{students - len(failed)} of {students} got through; load after the run {os.getloadavg()[0]:.1f}")
    return 1 if failed or left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
