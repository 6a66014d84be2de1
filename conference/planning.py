"""Checking a plan file before it is used."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path

from conference.deadlines import PlanWarning, plan_warnings
from config.plan import Audience, PlanError, load_plan


def plan_check(
    path: Path, *, now: datetime, served_audiences: AbstractSet[Audience]
) -> tuple[list[str], list[PlanWarning]]:
    """The faults that make a plan file unusable and, when it has none, its warnings."""
    try:
        plan = load_plan(path)
    except PlanError as error:
        return list(error.faults), []
    return [], plan_warnings(plan, now, served_audiences)
