"""Figures beside what they must be, as Markdown for people and JSON for what is made of them."""

import json
import os
import platform
import sqlite3
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COLUMNS = ("figure", "must", "aim", "measured", "control or peer", "holds?")


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must not fall below, or must not exceed."""

    value: float
    is_least: bool = False
    unit: str = "×"

    def holds(self, figure: float) -> bool:
        return figure >= self.value if self.is_least else figure <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.value:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, judged."""

    figure: str
    must: Bound | None
    """None: nothing is asked of it on this database."""
    aim: Bound | None
    measured: float
    beside: str
    """The control, or the peers in the same run, with the absolute figures."""
    database: str = "SQLite"

    @property
    def holds(self) -> bool:
        return self.must is None or self.must.holds(self.measured)

    @property
    def cells(self) -> tuple[str, ...]:
        bound = self.must or self.aim
        shown = f"{self.measured:.3g} {bound.unit if bound else ''}"
        cells = (str(self.must or "–"), str(self.aim or "–"), shown, self.beside, self._verdict)
        return (self.figure, *cells)

    @property
    def _verdict(self) -> str:
        reached = self.holds and self.aim is not None and self.aim.holds(self.measured)
        if self.must is None:
            return "the aim" if reached else "–"
        return "yes, and the aim" if reached else "yes" if self.holds else "**NO**"


def at_least(value: float, unit: str = "×") -> Bound:
    return Bound(value, is_least=True, unit=unit)


def at_most(value: float, unit: str = "×") -> Bound:
    return Bound(value, unit=unit)


def show(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def head(columns: Sequence[str]) -> None:
    show(columns)
    show(["---"] * len(columns))


def report(rows: Iterable[Row], kept: Path | None = None) -> bool:
    """Print a table for each database, keep all of it as JSON; whether every figure holds."""
    rows = list(rows)
    for database in dict.fromkeys(row.database for row in rows):
        print(f"\n{database}; {environment()}\n")
        head(COLUMNS)
        for row in rows:
            if row.database == database:
                show(row.cells)
    if kept is not None:
        found = {"environment": environment(), "rows": [_plain(row) for row in rows]}
        kept.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return all(row.holds for row in rows)


def _plain(row: Row) -> dict[str, Any]:
    return {**asdict(row), "holds": row.holds, "cells": row.cells}


def environment() -> str:
    """The machine and the day: figures mean little without."""
    return (
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} processors, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def percentile(figures: Iterable[float], share: float) -> float:
    """The figure below which that share of them lies."""
    ordered = sorted(figures)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def ratio(ones: Sequence[Any], others: Sequence[Any], figure: Callable[[Any], float]) -> float:
    """The median of the ratios of runs made next to each other, as a machine's load drifts."""
    return statistics.median(
        figure(one) / figure(other) for one, other in zip(ones, others, strict=True)
    )


def median(runs: Iterable[Any], figure: Callable[[Any], float]) -> float:
    return statistics.median(figure(run) for run in runs)


def most_in_a_second(moments: Iterable[float]) -> int:
    """The most of these moments, given in order, that lie within any one second."""
    window: deque[float] = deque()
    most = 0
    for moment in moments:
        window.append(moment)
        while window[0] <= moment - 1:
            window.popleft()
        most = max(most, len(window))
    return most
