"""How large each room is, how much of it explains itself, and which folders import which.

`python scripts/rooms.py` prints a table: lines of code, docstring lines and comments for each 100 of them, and the
share of public classes, functions and methods with a docstring. Then the arrows between folders, each counted once.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("engine", "files", "receivables", "ledger", "api")

Documentable = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Measured:
    modules: int = 0
    code: int = 0
    docstrings: int = 0
    comments: int = 0
    public: defaultdict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    """Whether each public class, function and method has a docstring, by the word for it."""


def main() -> None:
    folders: defaultdict[str, Measured] = defaultdict(Measured)
    arrows: set[tuple[str, str]] = set()
    modules = {_module(path): _folder(path) for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
            for name in (room, _folder(path)) if _folder(path) != room else (room,):
                _measure(folders[name], text, tree)
            arrows |= {(_folder(path), to) for to in _imported(tree, modules) if to != _folder(path)}
    out = sys.stdout.write
    out(f"{'':32}{'modules':>8}{'code':>8}{'doc/100':>9}{'# /100':>8}   public with a docstring\n")
    for name, seen in sorted(folders.items()):
        shares = ", ".join(f"{word} {sum(has) * 100 // len(has)}%" for word, has in sorted(seen.public.items()))
        doc, comments = seen.docstrings * 100 / max(seen.code, 1), seen.comments * 100 / max(seen.code, 1)
        out(f"{name:32}{seen.modules:8}{seen.code:8}{doc:9.1f}{comments:8.1f}   {shares}\n")
    out(f"\n{len(arrows)} arrows between {len({folder for arrow in arrows for folder in arrow})} folders\n")
    for start, end in sorted(arrows):
        out(f"{start} -> {end}\n")


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _folder(path: Path) -> str:
    """The room, with the folder in it: deeper ones are counted with theirs."""
    return "/".join(path.relative_to(ROOT).parent.parts[:2])


def _imported(tree: ast.Module, modules: dict[str, str]) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    inner = {name for name in names if name in modules}
    packages = {name.rpartition(".")[0] for name in inner}  # importing a module of a package is no arrow to the package
    return {modules[name] for name in inner - packages}


def _measure(seen: Measured, text: str, tree: ast.Module) -> None:
    documented: set[int] = set()
    seen.modules += 1
    for node in ast.walk(tree):
        documented |= _docstring_lines(node)
    for node in ast.walk(tree):
        _note_public(seen, node)
    comments = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    lines = text.splitlines()
    own_comments = {number for number in comments if lines[number - 1].lstrip().startswith("#")}
    code = {number for number, line in enumerate(lines, 1) if line.strip()} - documented - own_comments
    seen.code += len(code)
    seen.docstrings += len(documented)
    seen.comments += len(comments)


def _docstring_lines(node: ast.AST) -> set[int]:
    """Lines of every text that stands as a statement: docstrings, and those below constants and fields."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return set()


def _note_public(seen: Measured, node: ast.AST) -> None:
    if isinstance(node, ast.Module):
        for each in node.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
                seen.public["functions"].append(ast.get_docstring(each) is not None)
    elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        seen.public["classes"].append(ast.get_docstring(node) is not None)
        for each in node.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
                seen.public["methods"].append(ast.get_docstring(each) is not None)


if __name__ == "__main__":
    main()
