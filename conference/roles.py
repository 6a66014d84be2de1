"""Who may do what: one table, asked by every use case."""

from dataclasses import dataclass, field
from enum import StrEnum

from conference.errors import ConsentMissingError, NotAllowedError
from storage.tables import AgeBand, Person, Role

CONSENT_VERSION = "2026-11"
"""Changes whenever `consent-text` changes its meaning; an older yes is then asked again."""


class Permission(StrEnum):
    """What can be allowed, as noun.verb."""

    public = "public"
    """Open to whoever opens the chat: it neither shows nor changes anything of another person."""
    question_ask = "question.ask"
    question_view_own = "question.view_own"
    question_release = "question.release"
    list_export = "list.export"
    identities_erase = "identities.erase"
    report_send = "report.send"
    progress_view = "progress.view"
    people_invite = "people.invite"
    nudge_send = "nudge.send"
    milestone_extend = "milestone.extend"
    outbox_view = "outbox.view"
    broadcast_send = "broadcast.send"
    statistics_view = "statistics.view"
    poster_make = "poster.make"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.member: frozenset(
        {Permission.public, Permission.question_ask, Permission.question_view_own}
    ),
    Role.unit_lead: frozenset({Permission.public, Permission.report_send, Permission.poster_make}),
    Role.duty_officer: frozenset({Permission.public, Permission.question_release}),
    Role.organiser: frozenset(
        {
            Permission.public,
            Permission.question_release,
            Permission.list_export,
            Permission.identities_erase,
            Permission.report_send,
            Permission.progress_view,
            Permission.people_invite,
            Permission.nudge_send,
            Permission.milestone_extend,
            Permission.outbox_view,
            Permission.broadcast_send,
            Permission.statistics_view,
            Permission.poster_make,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting, read afresh on every update. Everyone is a member besides other roles."""

    channel: str
    external_id: str
    person: Person | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)
    led_units: frozenset[str] = field(default_factory=frozenset)
    """The units whose lead the person is."""

    @property
    def person_id(self) -> int | None:
        """The person's row, if there is one."""
        return self.person.id if self.person is not None else None

    @property
    def home_unit(self) -> str | None:
        """Whose milestones hold for them: the one unit they lead, or the one they ask from."""
        if len(self.led_units) == 1:
            return next(iter(self.led_units))
        return self.person.unit_code if self.person is not None else None

    @property
    def has_consented(self) -> bool:
        """A yes to the present consent text."""
        return self.person is not None and self.person.consent_version == CONSENT_VERSION

    @property
    def is_under_16(self) -> bool:
        """Spoken to as "em", never named, never reminded."""
        return self.person is not None and self.person.age_band is AgeBand.under_16

    def may(self, permission: Permission) -> bool:
        """Whether any of the person's roles allows this."""
        return any(permission in ROLE_PERMISSIONS[role] for role in {Role.member, *self.roles})


def require(actor: Actor, permission: Permission) -> None:
    """Raise `NotAllowedError` unless the actor may do this."""
    if not actor.may(permission):
        raise NotAllowedError(permission=permission.value)


def require_consent(actor: Actor) -> Person:
    """The actor's row, or `ConsentMissingError` when there is no yes to the present text."""
    if actor.person is None or not actor.has_consented:
        raise ConsentMissingError
    return actor.person
