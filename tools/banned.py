"""Names that say nothing, work left undone, and what may run a stranger's code: none of it here."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path, PurePath

from tools.findings import Finding, main, python_files

__all__ = ["check"]

_PRODUCT = ("src", "compat/src")
_ALL = (*_PRODUCT, "tests", "tools", "benchmarks", "examples")
_EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
_UNDONE = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b")
_UNSAFE_MODULES = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}
_UNSAFE_CALLS = {"eval", "exec", "torch.load"}
_LOOPS = {"asyncio.run", "asyncio.Runner"}
_LOOP_PLACES = ("src/ara/cli/app.py", "src/ara/quick/running.py", "src/ara/jobs/queue*", "src/ara/jobs/queue/*")


def check(root: Path) -> Iterator[Finding]:
    """Read every Python file; the rules on code hold for the product alone."""
    for path in python_files(root, *_ALL):
        place = path.relative_to(root)
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        for part in {place.stem.strip("_"), *place.parent.parts} & _EMPTY_NAMES:
            yield Finding(path=path, line=1, words=f"the name '{part}' says nothing about what is inside")
        for line, words in _prose(text, tree):
            if undone := _UNDONE.search(words):
                yield Finding(path=path, line=line, words=f"{undone[0]}: do it now, or leave no trace of it")
        if any(place.is_relative_to(folder) for folder in _PRODUCT):
            for line, words in _code(tree, place):
                yield Finding(path=path, line=line, words=words)


def _prose(text: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Give the comments and docstrings with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def _code(tree: ast.Module, place: PurePath) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.split(".")[0] in _UNSAFE_MODULES:
                        yield node.lineno, f"{name.name} runs whatever a file says; keep data as JSON, Arrow or ONNX"
            case ast.ImportFrom(module=str(source), names=names):
                if source.split(".")[0] in _UNSAFE_MODULES:
                    yield node.lineno, f"{source} runs whatever a file says; keep data as JSON, Arrow or ONNX"
                for name in names:
                    yield from _call(f"{source}.{name.name}", node.lineno, place)
            case ast.Name(id="NotImplementedError"):
                yield node.lineno, "NotImplementedError: what is offered works; what isn't built isn't offered"
            case ast.Call(func=ast.Name() | ast.Attribute() as function):
                yield from _call(ast.unparse(function), node.lineno, place)
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield node.value.lineno, "allow_pickle=True runs whatever a file says"


def _call(name: str, line: int, place: PurePath) -> Iterator[tuple[int, str]]:
    if name in _UNSAFE_CALLS:
        yield line, f"{name} runs whatever it is given"
    if name in _LOOPS and not any(place.match(pattern) for pattern in _LOOP_PLACES):
        yield line, f"{name} belongs to the doors alone: {', '.join(_LOOP_PLACES[:3])}"


if __name__ == "__main__":
    sys.exit(main(check, advice="Name a thing for what it holds, finish it, and keep strangers' data as data."))
