"""What is public is listed in `__all__`, and all of it is documented."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.findings import Finding, main, python_files

__all__ = ["check"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def check(root: Path) -> Iterator[Finding]:
    """Compare every public module's `__all__` with what it defines, a package's also with what it re-exports."""
    for folder in ("src", "compat/src", "tools", "benchmarks"):
        for path in python_files(root, folder):
            module = path.relative_to(root / folder).with_suffix("")
            if module.name.isidentifier() and (not module.name.startswith("_") or module.name == "__init__"):
                yield from _Module(path, ".".join(module.parts)).findings()


class _Module:
    """One module, read but not run."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.package = name.removesuffix(".__init__") if name.endswith("__init__") else ""
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.listed: dict[str, int] | None = None
        self.public: dict[str, int] = {}
        self.bare: dict[str, int] = {}
        self.lazy = any(getattr(node, "name", "") == "__getattr__" for node in self.tree.body)
        self._read(self.tree.body)

    def findings(self) -> Iterator[Finding]:
        """Tell what is not listed, what is listed without being there, and what says nothing about itself."""
        listed = self.listed or {}
        for name, line in self.public.items():
            if name not in listed:
                yield self._finding(line, f"{name} is public but not in __all__ (list it or begin it with '_')")
        for name, line in listed.items():
            if name not in self.public and name != "__version__":
                yield self._finding(line, f"__all__ lists {name}, which is not defined here")
        if (self.public or self.package) and ast.get_docstring(self.tree) is None:
            yield self._finding(1, "the module has no docstring")
        for name, line in self.bare.items():
            yield self._finding(line, f"{name} has no docstring")

    def _finding(self, line: int, words: str) -> Finding:
        return Finding(path=self.path, line=line, words=words)

    def _read(self, body: list[ast.stmt], *, typing: bool = False) -> None:
        for position, node in enumerate(body):
            match node:
                case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                    self._read(node.body, typing=True)
                case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                    continue
                case ast.If() | ast.Try() | ast.With():
                    self._read([*node.body, *getattr(node, "orelse", [])])
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.name[0] != "_":
                    self.public[node.name] = node.lineno
                    self._look_for_docstrings(node, node.name)
                case ast.ImportFrom(module=str(source), names=names) if self._exports(source, typing=typing):
                    self.public |= {name.asname or name.name: node.lineno for name in names}
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    following = body[position + 1] if position + 1 < len(body) else None
                    self._assigned(name, node, following)

    def _exports(self, source: str, *, typing: bool) -> bool:
        """Say whether names imported from there are a package's own; those for type checkers count in a lazy one."""
        return bool(self.package) and source.startswith(f"{self.package}.") and (self.lazy or not typing)

    def _assigned(self, name: str, node: ast.Assign | ast.AnnAssign, following: ast.stmt | None) -> None:
        if name == "__all__" and isinstance(node.value, ast.List | ast.Tuple):
            elements = [item for item in node.value.elts if isinstance(item, ast.Constant)]
            self.listed = {str(item.value): item.lineno for item in elements}
        elif name[0] != "_" and name != "TYPE_CHECKING":
            self.public[name] = node.lineno
            match following:
                case ast.Expr(value=ast.Constant(value=str())):
                    return
            self.bare[name] = node.lineno

    def _look_for_docstrings(self, node: _Definition, name: str) -> None:
        if ast.get_docstring(node) is None:
            self.bare[name] = node.lineno
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, _Definition) and item.name[0] != "_" and not _inherits_words(item):
                    self._look_for_docstrings(item, f"{name}.{item.name}")


def _inherits_words(node: _Definition) -> bool:
    """Say whether another definition of the same name holds the docstring."""
    marks = [ast.unparse(mark) for mark in node.decorator_list]
    return any(mark.split(".")[-1] in {"overload", "override", "setter"} for mark in marks)


if __name__ == "__main__":
    sys.exit(main(check, advice="A public name is a promise: list it in __all__ and say what a reader can't see."))
