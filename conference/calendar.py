"""The milestones in force: the plan's, and the extensions granted since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from config.plan import ConferencePlan, MilestoneName
from storage.extensions import extensions
from storage.tables import Extension


@dataclass(frozen=True, slots=True)
class Calendar:
    """A plan with its extensions. Whatever is derived from a milestone names its revision."""

    plan: ConferencePlan
    extensions: tuple[Extension, ...] = ()

    def extension(self, name: MilestoneName, unit_code: str | None = None) -> Extension | None:
        """The extension in force for a unit (or for everyone): the last one that applies."""
        for one in reversed(self.extensions):
            if one.milestone == name and one.unit_code in {None, unit_code}:
                return one
        return None

    def moment(self, name: MilestoneName, unit_code: str | None = None) -> datetime:
        """The milestone's moment, aware and in UTC."""
        moved = self.extension(name, unit_code)
        return moved.moment.astimezone(UTC) if moved is not None else self.plan.moment(name)

    def moved_at(self, name: MilestoneName, unit_code: str | None = None) -> datetime | None:
        """When the milestone was moved to where it is, or None: it is where the plan has it."""
        moved = self.extension(name, unit_code)
        return moved.granted_at if moved is not None else None

    def revision(self, name: MilestoneName, unit_code: str | None = None) -> int:
        """0 for the plan's own moment, or the id of the extension in force."""
        moved = self.extension(name, unit_code)
        return moved.id or 0 if moved is not None else 0

    def plan_for(self, unit_code: str | None = None) -> ConferencePlan:
        """The plan as it stands for a unit: its milestones are those in force."""
        moved: dict[str, datetime] = {}
        for one in self.extensions:
            if one.unit_code in {None, unit_code}:
                moved[one.milestone] = one.moment.astimezone(self.plan.zone).replace(tzinfo=None)
        if not moved:
            return self.plan
        milestones = self.plan.milestones.model_copy(update=moved)
        return self.plan.model_copy(update={"milestones": milestones})


def calendar_from(plan: ConferencePlan, granted: Sequence[Extension]) -> Calendar:
    """The calendar of a plan with these extensions."""
    return Calendar(plan, tuple(granted))


async def calendar_of(session: AsyncSession, plan: ConferencePlan) -> Calendar:
    """The calendar in force now. `plan` is the plan as loaded, not one already extended."""
    return calendar_from(plan, await extensions(session))
