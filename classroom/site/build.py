"""Build the course as a static site that runs in the browser alone: no server, nothing to install.

    python classroom/site/build.py --output DIR [--release RELEASE] [--pyodide FOLDER]

DIR is made anew and can be put on any web host as it is. RELEASE is one of Pyodide, the Python for browsers; a folder
of that name beside this file lists what is taken of it and the JupyterLite that goes with it. Its files come from
FOLDER, or without --pyodide from its public content network; either way each must have the checksum in files.sha256,
and the site itself asks nothing of anybody but its own host. What the build needs is installed into an environment of
its own, kept in build/ for the next time.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import http.client
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
START = "lab/index.html?path=notebooks/00_start_here.ipynb"
# The learner's part of the repository, at the same places, so that the links between the notebooks hold.
CONTENTS = ["README.md", "LICENSE*", "notebooks/*.ipynb", "notebooks/*.md", "notebooks/pictures/*"]
# Without one of these the kernel never starts, and says nothing.
KERNEL = ["comm", "ipython", "jedi", "micropip", "parso", "traitlets"]
# The page's half of ipywidgets, which the site has as an extension; the kernel imports neither.
IN_THE_PAGE = {"jupyterlab-widgets", "widgetsnbextension"}
LOCK = "pyodide-lock.json"
FONT_LIST = "matplotlib/fontlist.json"


class BuildError(Exception):
    """The site cannot be built, or would not work. The message says why."""


@dataclass(frozen=True)
class Release:
    """A release of Pyodide."""

    name: str
    entry: str  # the file that the page loads first
    kernel: tuple[str, ...] = ()  # what its kernel needs besides KERNEL

    @property
    def folder(self) -> Path:
        return HERE / f"pyodide-{self.name}"

    @property
    def address(self) -> str:
        """Where it can be had by everybody."""
        return f"https://cdn.jsdelivr.net/pyodide/v{self.name}/full/"

    @property
    def checksums(self) -> dict[str, str]:
        """File name -> SHA-256 of every file that the site uses."""
        lines = (self.folder / "files.sha256").read_text(encoding="utf-8").splitlines()
        return {name: digest for digest, name in (line.split() for line in lines)}


# The first is the one that the tests run every notebook with.
TESTED = Release("0.27.7", entry="pyodide.js", kernel=("sqlite3", "ssl"))
CURRENT = Release("314.0.6", entry="pyodide.mjs")
RELEASES = {release.name: release for release in (TESTED, CURRENT)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the site goes")
    parser.add_argument("--release", choices=RELEASES, default=TESTED.name, help="of Pyodide (%(default)s)")
    parser.add_argument("--pyodide", metavar="FOLDER", help="a folder, or an address, with the files of that release")
    options = parser.parse_args(arguments)
    try:
        build(options.output.resolve(), RELEASES[options.release], options.pyodide)
    except BuildError as error:
        print(f"The site was not built: {error}", file=sys.stderr)
        return 1
    files = [path for path in options.output.rglob("*") if path.is_file()]
    print(f"{options.output}: {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")
    return 0


def build(output: Path, release: Release = TESTED, pyodide: str | None = None) -> None:
    """Build the site in the folder `output`, replacing an earlier one. Raises BuildError."""
    if output.exists() and not output.is_dir():
        raise BuildError(f"{output} is a file; name a folder.")
    if output.exists() and any(output.iterdir()) and not (output / "jupyter-lite.json").exists():
        raise BuildError(f"{output} is not empty and is no site built before; name another folder.")
    source = Path(pyodide).resolve().as_uri() if pyodide and "://" not in pyodide else pyodide or release.address
    python = environment(REPOSITORY / f"build/site-environment-{release.name}", release)
    # JupyterLite believes whatever it finds from an earlier build, so each build starts from nothing.
    with tempfile.TemporaryDirectory(prefix="site-") as work:
        site, wheels = Path(work, "site"), Path(work, "wheels")
        distribution = site / "static/pyodide"
        fetch_pyodide(source.rstrip("/") + "/", distribution, release)
        make_wheels(python, wheels, release)
        add_to_lock(distribution, sorted(wheels.glob("*.whl")), release)
        mend_font_list(distribution)
        lay_out_contents(Path(work, "contents"))
        configure(site)
        made = Path(work, "made")
        assemble(python, site, Path(work, "contents"), made)
        open_at_the_start(made)
        keep_for_offline(made)
        inspect(made, release)
        # An earlier site stays until there is a better one.
        if output.exists():
            shutil.rmtree(output)
        shutil.move(made, output)


# ---- what goes in ----


def run(*command: str | Path, cwd: Path = REPOSITORY) -> str:
    """What the command prints. Raises BuildError when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout + done.stderr


def environment(folder: Path, release: Release) -> Path:
    """The Python of an environment that holds the release's requirements.txt and nothing else."""
    listed = release.folder / "requirements.txt"
    wanted = listed.read_text(encoding="utf-8")
    installed = folder / "installed.txt"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", folder)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", listed)
        installed.write_text(wanted, encoding="utf-8")
    return python


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fetch(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.read()
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise BuildError(f"{address} cannot be read ({error}).") from None


def fetch_pyodide(source: str, folder: Path, release: Release) -> None:
    """Copy the release's files from an address, each checked, and its lock as far as it speaks of them."""
    folder.mkdir(parents=True)
    expected = release.checksums
    try:
        lock = json.loads(fetch(source + LOCK))
    except ValueError:
        raise BuildError(
            f"{source}{LOCK} is not Pyodide's list of packages. Does a network page ask to log in?"
        ) from None
    lock["packages"] = {n: entry for n, entry in lock["packages"].items() if entry["file_name"] in expected}
    digests = {entry["file_name"]: entry["sha256"] for entry in lock["packages"].values()}
    for name in expected:
        content = fetch(source + name)
        if not sha256(content) == expected[name] == digests.get(name, expected[name]):
            raise BuildError(f"{source}{name} is not the file of Pyodide {release.name}: its checksum differs.")
        (folder / name).write_bytes(content)
    (folder / LOCK).write_text(json.dumps(lock), encoding="utf-8")


def mend_font_list(distribution: Path) -> None:
    """Give matplotlib the list of its fonts: the one in its wheel may be of another version, so that every kernel would
    look for fonts for three seconds and print a warning with the first plot.
    """
    lock = json.loads((distribution / LOCK).read_text(encoding="utf-8"))
    entry = lock["packages"]["matplotlib"]
    wheel = distribution / entry["file_name"]
    with zipfile.ZipFile(wheel) as archive:
        files = {info: archive.read(info) for info in archive.infolist()}
    by_name = {info.filename: info for info in files}
    if FONT_LIST not in by_name:
        return
    fonts = json.loads(files[by_name[FONT_LIST]])
    fonts["_version"] = font_list_version(files[by_name["matplotlib/font_manager.py"]].decode())
    for kind in ("afmlist", "ttflist"):  # an absolute path is a font of the machine that the list was made on
        fonts[kind] = [font for font in fonts[kind] if font["fname"].startswith("fonts/")]
    files[by_name[FONT_LIST]] = json.dumps(fonts).encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in files.items():
            archive.writestr(info, content)
    entry["sha256"] = sha256(wheel.read_bytes())
    (distribution / LOCK).write_text(json.dumps(lock, indent=1, sort_keys=True), encoding="utf-8")


def font_list_version(source: str) -> object:
    """The version of a font list that matplotlib's own font_manager.py takes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name == "FontManager":
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__version__":
                    return ast.literal_eval(line.value)
    raise BuildError("matplotlib's FontManager has no __version__, so its list of fonts cannot be given to it.")


def make_wheels(python: Path, folder: Path, release: Release) -> None:
    """The project's own wheel, and from the package index those of wheels.txt, all free of machine code."""
    run(python, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    [own] = folder.glob("*.whl")
    # Browsers keep files: a changed package needs a name of its own. A wheel's build tag begins with a digit.
    name, version, tags = own.name.split("-", 2)
    own.rename(own.with_name(f"{name}-{version}-0x{sha256(own.read_bytes())[:12]}-{tags}"))
    pure = ["--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"]
    pip = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run(*pip, *pure, "-r", release.folder / "wheels.txt", "-d", folder)


def add_to_lock(distribution: Path, wheels: list[Path], release: Release) -> None:
    """Enter the wheels in the lock: a plain `import` in a cell then loads them and what they need."""
    path = distribution / LOCK
    lock = json.loads(path.read_text(encoding="utf-8"))
    packages = lock["packages"]
    for wheel in wheels:
        shutil.copy(wheel, distribution)
        entry = lock_entry(wheel)
        packages[entry["name"]] = entry
    known = {normalized(name) for name in packages}
    for entry in packages.values():
        missing = [name for name in entry["depends"] if normalized(name) not in known]
        if missing:
            raise BuildError(f"{entry['name']} needs {', '.join(missing)}: add it to wheels.txt.")
        if not (distribution / entry["file_name"]).exists():
            raise BuildError(f"{entry['file_name']} is in the lock and not among the files.")
    if missing := [name for name in (*KERNEL, *release.kernel) if name not in known]:
        raise BuildError(f"the kernel needs {', '.join(missing)}, which the lock does not hold.")
    path.write_text(json.dumps(lock, indent=1, sort_keys=True), encoding="utf-8")


def lock_entry(wheel: Path) -> dict[str, object]:
    """What the lock says of a wheel: its imports and its dependencies, with those of the extra "widgets"."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        about = Parser().parsestr(archive.read(metadata).decode())
    modules = [re.match(r"(\w+)(\.py|/__init__\.py)$", name) for name in names]
    depends = set()
    for line in about.get_all("Requires-Dist") or []:
        requirement, _, marker = line.partition(";")
        if not marker or re.search(r"""extra\s*==\s*['"]widgets['"]""", marker):
            depends.add(normalized(re.match(r"[\w.-]+", requirement).group()))
    return {
        "name": normalized(about["Name"]),
        "version": about["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "package_type": "package",
        "sha256": sha256(wheel.read_bytes()),
        "imports": sorted({module[1] for module in modules if module}),
        "depends": sorted(depends - IN_THE_PAGE),
        "unvendored_tests": False,
    }


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lay_out_contents(folder: Path) -> None:
    for pattern in CONTENTS:
        for path in sorted(REPOSITORY.glob(pattern)):
            target = folder / path.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def configure(site: Path) -> None:
    """JupyterLite's settings: nothing is loaded from elsewhere, nothing pops up, all cells are in the page."""
    config = {
        "appName": "Backpropagation, with nothing hidden",
        "exposeAppInBrowser": True,  # for the tests
        "disabledExtensions": ["@jupyterlab/apputils-extension:announcements"],
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}},
    }
    page = {"jupyter-lite-schema-version": 0, "jupyter-config-data": config}
    settings = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
    (site / "jupyter-lite.json").write_text(json.dumps(page), encoding="utf-8")
    (site / "overrides.json").write_text(json.dumps(settings), encoding="utf-8")


# ---- putting it together ----


def assemble(python: Path, site: Path, contents: Path, output: Path) -> None:
    """Let JupyterLite build. It ends well even when a part of it has failed, so its log is read."""
    command = [python, "-m", "jupyterlite_core", "build", "--no-sourcemaps", "--no-libarchive", "--lite-dir", site]
    for app in ("lab", "notebooks", "tree", "edit"):
        command += ["--apps", app]
    log = run(*command, "--contents", contents, "--output-dir", output, cwd=site)
    if faults := [line for line in log.splitlines() if "FAIL" in line or "Error" in line]:
        raise BuildError("JupyterLite says:\n" + "\n".join(faults))


def open_at_the_start(output: Path) -> None:
    """The bare address leads to the first notebook."""
    page = output / "index.html"
    text = page.read_text(encoding="utf-8")
    redirect = "await import('./config-utils.js');"
    if text.count(redirect) != 1:
        raise BuildError("JupyterLite's front page is not the one that this was written for.")
    page.write_text(text.replace(redirect, f"location.replace('{START}');"), encoding="utf-8")
    shutil.copy(output / "lab/favicon.ico", output)


def keep_for_offline(output: Path) -> None:
    """Let the site's service worker keep every file of the site, see offline.js."""
    worker = output / "service-worker.js"
    files = [path for path in sorted(output.rglob("*")) if path.is_file() and path != worker]
    # What makes up a page before what the kernel loads for itself.
    files.sort(key=lambda path: path.is_relative_to(output / "static"))
    digests = {path.relative_to(output).as_posix(): sha256(path.read_bytes())[:12] for path in files}
    code, place = (HERE / "offline.js").read_text(encoding="utf-8"), "/* build.py: path -> digest */ {}"
    if code.count(place) != 1 or "/api/drive" not in worker.read_text(encoding="utf-8"):
        raise BuildError("offline.js or JupyterLite's service worker is not what this was written for.")
    worker.write_text(code.replace(place, json.dumps(digests)) + worker.read_text(encoding="utf-8"), encoding="utf-8")


def inspect(output: Path, release: Release) -> None:
    """Raises BuildError for what would only be noticed in the browser, if at all."""
    config = json.loads((output / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    kernel = config["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    faults = []
    if kernel.get("pyodideUrl") != f"./static/pyodide/{release.entry}":
        faults.append(f"Pyodide would be loaded from {kernel.get('pyodideUrl', 'a content network')}")
    extensions = {extension["name"] for extension in config["federated_extensions"]}
    for name in ("@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension", "anywidget"):
        if name not in extensions:
            faults.append(f"the extension {name} is missing")
    distribution = output / "static/pyodide"
    for name, expected in release.checksums.items():
        file = distribution / name
        if not file.exists() or (not name.startswith("matplotlib-") and sha256(file.read_bytes()) != expected):
            faults.append(f"{name} is missing or damaged")
    for entry in json.loads((distribution / LOCK).read_text(encoding="utf-8"))["packages"].values():
        file = distribution / entry["file_name"]
        if not file.exists() or sha256(file.read_bytes()) != entry["sha256"]:
            faults.append(f"{entry['name']}'s file is missing or is not what the lock says")
    for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if not (output / "files/notebooks" / path.name).exists():
            faults.append(f"{path.name} is missing")
        if "name" not in notebook["metadata"].get("language_info", {}):
            faults.append(f"{path.name} does not name its language, and would get no kernel")
    if faults:
        raise BuildError("; ".join(faults) + ".")


if __name__ == "__main__":
    sys.exit(main())
