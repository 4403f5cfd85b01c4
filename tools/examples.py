"""Every example of the documentation is run as its reader would run it, and must print what the page says.

In a block marked `console`, lines that begin with `$ ` are commands (`> ` goes on with one); the lines below hold what
it prints, standard error included. `...` stands for anything in a line, and alone in a line for any lines. A block
marked `python` is run, one marked `pycon` is a conversation whose answers are compared. All blocks of a page share a
fresh home folder and a fresh working folder. A block after the comment `<!-- not run: reason -->` is left alone.

`python -m tools.examples PAGE...` checks these pages alone; with `--write` it puts into them what their commands print
now, where that differs.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.findings import Finding, main, tracked_files

__all__ = ["Block", "blocks", "check", "matches", "write"]

_FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,})(?P<language>[\w-]*)[^`]*$")
_NOT_RUN = re.compile(r"<!-- not run: \S.*-->")
_SECONDS = 900
_ADVICE = "Correct the page, or let it say what is printed: make examples PAGES=..."
_CONVERSATION = """
import doctest, runpy, sys
names = runpy.run_path(sys.argv[1])
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
failed, _ = doctest.testfile(sys.argv[2], module_relative=False, globs=names, optionflags=flags)
sys.exit(bool(failed))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page: its language, the line of its first line, its lines, and the fence's indent."""

    language: str
    line: int
    lines: tuple[str, ...]
    indent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    line: int
    text: str
    expected: tuple[str, ...]
    first: int
    indent: int


def blocks(text: str) -> Iterator[Block]:
    """Find the blocks of a page that are run."""
    lines = iter(enumerate(text.splitlines(), 1))
    skip = False
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            skip = bool(_NOT_RUN.search(line)) or (skip and not line.strip())
            continue
        indent, mark = len(opening["indent"]), opening["mark"]
        inside: list[str] = []
        for _, inner in lines:
            if inner.strip() == mark:
                break
            inside.append(inner[indent:] if not inner[:indent].strip() else inner)
        if opening["language"] in {"console", "python", "pycon"} and not skip:
            yield Block(language=opening["language"], line=number + 1, lines=tuple(inside), indent=indent)
        skip = False


def matches(expected: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Compare what a page says with what was printed; `...` stands for anything."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()).replace(re.escape("..."), ".*?") + r"\n"
        for line in expected
    )
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in printed)) is not None


def check(root: Path, pages: list[Path] | None = None) -> Iterator[Finding]:
    """Run every page, or those that are named, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda path: list(_page(root, path)), _pages(root) if pages is None else pages):
            yield from found


def write(root: Path, paths: list[Path]) -> None:
    """Put what the commands print into the pages, where it differs from what they say."""
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        for command, printed in reversed(list(_run_commands(root, path))):
            if not matches(command.expected, printed):
                start = command.first - 1
                indented = [f"{' ' * command.indent}{line}".rstrip() for line in printed]
                lines[start : start + len(command.expected)] = indented
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pages(root: Path) -> list[Path]:
    docs = root / "docs"
    return [p for p in tracked_files(root) if p.suffix == ".md" and (p.is_relative_to(docs) or p.parent == root)]


def _page(root: Path, path: Path) -> Iterator[Finding]:
    for command, printed in _run_commands(root, path):
        if not matches(command.expected, printed):
            difference = difflib.unified_diff(command.expected, printed, "the page", "printed now", lineterm="", n=1)
            words = f"`{command.text}` prints something else:\n" + "\n".join(difference)
            yield Finding(path=path, line=command.line, words=words)
    yield from _run_python(root, path)


def _run_commands(root: Path, path: Path) -> Iterator[tuple[_Command, tuple[str, ...]]]:
    found = [block for block in blocks(path.read_text(encoding="utf-8")) if block.language == "console"]
    if not found:
        return
    with tempfile.TemporaryDirectory() as home:
        for block in found:
            for command in _commands(block):
                done = _run(["bash", "-c", command.text], root, Path(home))
                yield command, tuple(done.stdout.splitlines())


def _commands(block: Block) -> Iterator[_Command]:
    starts = [number for number, line in enumerate(block.lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        text, first = block.lines[start][2:], start + 1
        while first < end and block.lines[first].startswith("> "):
            text, first = f"{text}\n{block.lines[first][2:]}", first + 1
        yield _Command(
            line=block.line + start,
            text=text,
            expected=block.lines[first:end],
            first=block.line + first,
            indent=block.indent,
        )


def _run_python(root: Path, path: Path) -> Iterator[Finding]:
    """Run a page's Python as one program in which every line keeps its number in the page."""
    text = path.read_text(encoding="utf-8")
    found = [block for block in blocks(text) if block.language != "console"]
    if not found:
        return
    programs = {language: [""] * (text.count("\n") + 1) for language in ("python", "pycon")}
    for block in found:
        start = block.line - 1
        programs[block.language][start : start + len(block.lines)] = block.lines
    with tempfile.TemporaryDirectory() as home:
        names = {"python": Path(home) / "page.py", "pycon": Path(home) / "page.txt"}
        for language, lines in programs.items():
            names[language].write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = _run([sys.executable, "-c", _CONVERSATION, *map(str, names.values())], root, Path(home))
    if done.returncode:
        line = re.findall(r'page\.\w+", line (\d+)', done.stdout)
        words = f"the page's Python fails:\n{done.stdout.rstrip()}"
        yield Finding(path=path, line=int(line[0]) if line else found[0].line, words=words)


def _run(command: list[str], root: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run as a reader would: an empty home, the command `ara` of this environment, and few threads."""
    work = home / "work"
    work.mkdir(exist_ok=True)
    folder = Path(sys.executable).parent
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(root / "src"),
        "HOME": str(home),
        "COLUMNS": "100",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "OMP_NUM_THREADS": "1",  # pages are run side by side
        "POLARS_MAX_THREADS": "1",
    }
    return subprocess.run(
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", timeout=_SECONDS, check=False,
    )  # fmt: skip


if __name__ == "__main__":
    named = [Path(name).resolve() for name in sys.argv[1:] if name.endswith(".md")]
    if "--write" in sys.argv[1:]:
        write(Path.cwd(), named)
    elif named:
        sys.argv[1:] = []
        sys.exit(main(lambda root: check(root, named), advice=_ADVICE))
    else:
        sys.exit(main(check, advice=_ADVICE))
