"""What the tables share: the naming convention of constraints and two column types."""

from enum import Enum as PythonEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum
from sqlalchemy.dialects import sqlite
from sqlmodel import SQLModel

naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = naming_convention

# SQLite numbers rows by itself only where the column's type reads exactly INTEGER.
RowId = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
Document = JSON(none_as_null=True)


def state_column(states: type[PythonEnum]) -> Any:
    """A StrEnum kept as plain text: a new state needs no change of the schema."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=False,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )
