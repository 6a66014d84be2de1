"""The program's own source, read as trees, for tests that hold rules about all of it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "documents", "conference", "storage", "config")

_HOLDERS = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the six rooms, by its path from the root."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    }


def literals(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every string written in the code; docstrings and bare strings are comments."""
    said = {
        id(line.value)
        for holder in ast.walk(tree)
        if isinstance(holder, _HOLDERS)
        for line in holder.body
        if isinstance(line, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node
