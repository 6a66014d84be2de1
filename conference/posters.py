"""Which units a person may make a poster for."""

from collections.abc import Sequence

from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan, Unit
from storage.tables import Role


def poster_units(actor: Actor, plan: ConferencePlan) -> Sequence[Unit]:
    """The units that a lead leads, or all for an organiser.

    Raises:
        NotAllowedError: the person is neither.
    """
    require(actor, Permission.poster_make)
    is_organiser = Role.organiser in actor.roles
    return [unit for unit in plan.units if is_organiser or unit.code in actor.led_units]
