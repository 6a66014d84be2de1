"""In processes of their own: here aiogram is imported already."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_EVERY_KIND = """
from bot.aiogram_types import import_aiogram
import_aiogram()
from aiogram import methods, types
from pydantic import BaseModel

kinds = [
    kind
    for module in (types, methods)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, BaseModel)
    if kind.__name__ not in {"TelegramMethod", "Response", "Request"}
]
unbuilt = [kind for kind in kinds if not kind.__pydantic_complete__]
for kind in unbuilt:
    kind.__pydantic_validator__.title
print(len(kinds), len(unbuilt), sum(not kind.__pydantic_complete__ for kind in kinds))
"""
_HEAVY = ("telegram", "httpx", "alembic", "matplotlib", "xlsxwriter")
_WHAT_IS_IMPORTED = f"""
import sys
from bot.aiogram_types import import_aiogram
import_aiogram()
import bot.running
print(*sorted(set(sys.modules) & set({_HEAVY})))
"""


def printed(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout


def test_every_type_that_was_put_off_is_built_on_first_use():
    kinds, put_off, left = map(int, printed(_EVERY_KIND).split())
    assert kinds > 500
    assert put_off > 400
    assert left == 0


def test_a_start_imports_nothing_that_only_later_work_needs():
    assert printed(_WHAT_IS_IMPORTED).split() == []
