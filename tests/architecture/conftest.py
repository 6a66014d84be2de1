"""What is asked here does not depend on the kind of database: SQLite alone is faster."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def database_address(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of a migrated, empty SQLite file."""
    path = tmp_path / "doithoai.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"
