from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from conference import broadcasting
from conference.broadcasting import (
    AUDIENCE_ROLES,
    MOST_CHARACTERS,
    AudienceUnknownError,
    BroadcastTextError,
    BroadcastUnknownError,
    audience_size,
    begin_broadcast,
    broadcast_progress,
    fit_text,
    go_on,
    latest_broadcast,
    stop_broadcast,
)
from conference.errors import NotAllowedError
from conference.joining import actor_of
from conference.roles import CONSENT_VERSION, Actor
from storage.database import Database
from storage.tables import (
    AgeBand,
    AuditEntry,
    Broadcast,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    Role,
    RoleGrant,
    Unit,
)

NOW = datetime(2022, 5, 10, 1, 0, tzinfo=UTC)
PEOPLE = {
    # who: (said yes, age, unit, (role, unit of the role, taken back), reachable)
    "organiser": (False, None, None, (Role.organiser, None, False), True),
    "lead": (False, None, None, (Role.unit_lead, "north", False), True),
    "lead who asks elsewhere": (
        True, AgeBand.over_30, "south", (Role.unit_lead, "north", False), True
    ),
    "former lead": (False, None, None, (Role.unit_lead, "north", True), True),
    "duty officer": (True, AgeBand.over_30, None, (Role.duty_officer, None, False), True),
    "child": (True, AgeBand.under_16, "north", None, True),
    "member": (True, AgeBand.from_18_to_30, "south", None, True),
    "member without unit": (True, AgeBand.from_16_to_17, None, None, True),
    "member who blocked the bot": (True, AgeBand.from_18_to_30, "north", None, False),
    "somebody who never said yes": (False, None, "north", None, True),
    "lead who blocked the bot": (True, None, None, (Role.unit_lead, "south", False), False),
}  # fmt: skip
AUDIENCES = {
    "all": {
        "organiser",
        "lead",
        "lead who asks elsewhere",
        "duty officer",
        "child",
        "member",
        "member without unit",
    },
    "unit:north": {"lead", "lead who asks elsewhere", "child"},
    "unit:south": {"lead who asks elsewhere", "member"},
    "unit:closed": set(),
    "role:organiser": {"organiser"},
    "role:unit_lead": {"lead", "lead who asks elsewhere"},
    "role:duty_officer": {"duty officer"},
}


@dataclass
class Town:
    database: Database
    organiser: Actor

    async def begin(self, audience: str = "all", text: str = "Mai họp.") -> int:
        async with self.database.transaction() as session:
            broadcast = await begin_broadcast(
                session, self.organiser, text=text, audience=audience, now=NOW
            )
        assert broadcast.id is not None
        return broadcast.id

    async def go_on(self) -> bool:
        async with self.database.transaction() as session:
            return await go_on(session)

    async def stop(self, number: int) -> int | None:
        async with self.database.transaction() as session:
            return await stop_broadcast(session, self.organiser, number, now=NOW)

    async def counts(self, number: int) -> dict[str, int]:
        async with self.database.snapshot() as session:
            progress = await broadcast_progress(session, self.organiser, number)
        names = ("sent", "waiting", "failed", "uncertain", "cancelled", "forgotten")
        return {name: count for name in names if (count := getattr(progress, name))}

    async def rows(self) -> list[OutboxMessage]:
        async with self.database.snapshot() as session:
            return list(await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    async def become(self, number: int, *states: OutboxState) -> None:
        """The first messages of a broadcast get these states."""
        rows = [row for row in await self.rows() if row.content == {"broadcast": number}]
        async with self.database.transaction() as session:
            for row, state in zip(rows, states, strict=False):
                await session.execute(
                    update(OutboxMessage).where(OutboxMessage.id == row.id).values(state=state)
                )


@pytest.fixture
async def town(database: Database) -> Town:
    async with database.transaction() as session:
        for at, code in enumerate(("north", "south", "closed")):
            session.add(Unit(code=code, name=code, short_name=code, kind="ward", position=at))
        await session.flush()
        for who, (yes, age, unit, grant, reachable) in PEOPLE.items():
            person = Person(
                channel="telegram",
                external_id=who,
                age_band=age,
                consent_version=CONSENT_VERSION if yes else None,
                consented_at=NOW if yes else None,
                unit_code=unit,
                unreachable_at=None if reachable else NOW,
                created_at=NOW,
            )
            session.add(person)
            await session.flush()
            if grant is not None:
                session.add(
                    RoleGrant(
                        person_id=person.id,
                        role=grant[0],
                        unit_code=grant[1],
                        granted_at=NOW,
                        revoked_at=NOW if grant[2] else None,
                    )
                )
    async with database.snapshot() as session:
        organiser = await actor_of(session, "telegram", "organiser")
    return Town(database, organiser)


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_each_audience_gets_one_message_a_person(town: Town, audience: str) -> None:
    async with town.database.snapshot() as session:
        size = await audience_size(session, audience)

    number = await town.begin(audience)

    rows = await town.rows()
    assert {row.chat_id for row in rows} == AUDIENCES[audience]
    assert len(rows) == size == len(AUDIENCES[audience])
    assert {
        (row.lane, row.kind, row.state, row.channel, row.created_at, row.attempts, row.not_after)
        for row in rows
    } == (
        {(Lane.paced, "broadcast", OutboxState.due, "telegram", NOW, 0, None)} if rows else set()
    )
    assert all(row.content == {"broadcast": number} for row in rows)
    assert [row.key for row in rows] == [f"broadcast:{number}:{row.recipient_id}" for row in rows]


def test_every_granted_role_is_an_audience() -> None:
    assert {f"role:{role.value}" for role in AUDIENCE_ROLES} == {
        audience for audience in AUDIENCES if audience.startswith("role:")
    }


@pytest.mark.parametrize(
    "audience",
    ["", "all:", "all:north", "unit", "unit:", "unit:west", "role:", "role:member", "role:x", "x"],
)
async def test_an_audience_that_there_is_not_is_refused(town: Town, audience: str) -> None:
    async with town.database.snapshot() as session:
        with pytest.raises(AudienceUnknownError):
            await audience_size(session, audience)
    with pytest.raises(AudienceUnknownError):
        await town.begin(audience)

    assert await town.rows() == []


async def test_the_text_is_kept_clean_and_the_beginning_is_recorded(town: Town) -> None:
    number = await town.begin("role:organiser", "  Mai họp\u202e lúc 8 giờ.\r\n\r\n\r\n\r\nHết.  ")

    async with town.database.snapshot() as session:
        broadcast = await latest_broadcast(session)
        entries = list(await session.scalars(select(AuditEntry)))
    assert broadcast is not None
    assert (
        broadcast.id,
        broadcast.text,
        broadcast.audience,
        broadcast.people,
        broadcast.created_by,
        broadcast.created_at,
        broadcast.stopped_at,
    ) == (
        number,
        "Mai họp lúc 8 giờ.\n\nHết.",
        "role:organiser",
        1,
        town.organiser.person_id,
        NOW,
        None,
    )
    assert [(one.action, one.subject_id, one.actor_id, one.detail) for one in entries] == [
        (
            "broadcast.begun",
            str(number),
            town.organiser.person_id,
            {"audience": "role:organiser", "people": 1},
        )
    ]


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        ("", 0),
        (" \n\u200b", 0),
        ("ă" * (MOST_CHARACTERS + 1), MOST_CHARACTERS + 1),
        ("😀" * (MOST_CHARACTERS // 2 + 1), MOST_CHARACTERS + 2),
    ],
    ids=["nothing", "nothing seen", "too long", "too many emoji"],
)
def test_a_text_that_cannot_be_sent_is_refused(raw: str, length: int) -> None:
    with pytest.raises(BroadcastTextError) as refused:
        fit_text(raw)

    assert refused.value.details == {"length": length, "maximum": MOST_CHARACTERS}


def test_the_shortest_and_the_longest_text_fit() -> None:
    assert fit_text("a") == "a"
    assert fit_text("ă" * MOST_CHARACTERS) == "ă" * MOST_CHARACTERS


async def test_progress_adds_up_in_every_state(town: Town) -> None:
    number = await town.begin()
    await town.become(
        number,
        OutboxState.sent,
        OutboxState.sent,
        OutboxState.sending,
        OutboxState.failed,
        OutboxState.uncertain,
        OutboxState.cancelled,
    )

    assert await town.counts(number) == {
        "sent": 2,
        "waiting": 2,
        "failed": 1,
        "uncertain": 1,
        "cancelled": 1,
    }


async def test_a_forgotten_person_is_still_accounted_for(town: Town) -> None:
    number = await town.begin()
    async with town.database.transaction() as session:
        await session.execute(delete(Person).where(Person.external_id == "child"))

    assert await town.counts(number) == {"waiting": 6, "forgotten": 1}


async def test_progress_of_one_broadcast_does_not_count_another(town: Town) -> None:
    """1 and 12 begin alike, and so do the numbers of people."""
    numbers = [await town.begin("all" if at in {0, 11} else "unit:closed") for at in range(12)]
    await town.become(numbers[11], OutboxState.sent)

    assert numbers == list(range(1, 13))
    assert [await town.counts(number) for number in (1, 2, 11, 12)] == [
        {"waiting": 7},
        {},
        {},
        {"sent": 1, "waiting": 6},
    ]


async def test_stopping_keeps_back_what_was_not_taken_and_nothing_else(town: Town) -> None:
    number, other = await town.begin(), await town.begin("unit:north")
    await town.become(number, OutboxState.sent, OutboxState.sending, OutboxState.failed)

    kept_back = await town.stop(number)

    assert kept_back == 4
    assert await town.counts(number) == {"sent": 1, "waiting": 1, "failed": 1, "cancelled": 4}
    assert await town.counts(other) == {"waiting": 3}
    assert {row.error for row in await town.rows() if row.state is OutboxState.cancelled} == {
        "the broadcast was stopped"
    }
    async with town.database.snapshot() as session:
        broadcast = await session.get_one(Broadcast, number)
        actions = list(
            await session.execute(
                select(AuditEntry.subject_id, AuditEntry.detail).where(
                    AuditEntry.action == "broadcast.stopped"
                )
            )
        )
    assert broadcast.stopped_at == NOW
    assert [tuple(one) for one in actions] == [(str(number), {"cancelled": 4})]


async def test_many_are_written_to_in_slices_each_once_and_no_latecomer(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "AT_ONCE", 2)
    number = await town.begin()
    assert (len(await town.rows()), await town.counts(number)) == (2, {"waiting": 7})
    async with town.database.transaction() as session:
        session.add(
            Person(
                channel="telegram", external_id="latecomer", consented_at=NOW,
                created_at=NOW + timedelta(seconds=1),
            )
        )  # fmt: skip
        await session.execute(delete(Person).where(Person.external_id == "member"))

    assert await town.go_on()
    await town.become(number, OutboxState.sent)
    assert await town.counts(number) == {"sent": 1, "waiting": 6}
    while await town.go_on():
        pass

    assert sorted(row.chat_id for row in await town.rows()) == sorted(
        AUDIENCES["all"] - {"member"}
    )
    assert await town.counts(number) == {"sent": 1, "waiting": 5}


async def test_stopping_half_way_writes_no_more(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "AT_ONCE", 2)
    number = await town.begin()
    await town.become(number, OutboxState.sent)

    assert await town.stop(number) == 6
    assert not await town.go_on()
    assert len(await town.rows()) == 2
    assert await town.counts(number) == {"sent": 1, "cancelled": 6}
    assert await town.stop(number) is None


async def test_stopping_twice_is_stopping_once(town: Town) -> None:
    number = await town.begin()
    await town.become(number, OutboxState.sending)

    assert [await town.stop(number), await town.stop(number)] == [6, None]


async def test_what_is_over_is_not_stopped(town: Town) -> None:
    number = await town.begin("role:organiser")
    await town.become(number, OutboxState.sent)

    assert await town.stop(number) is None
    async with town.database.snapshot() as session:
        assert (await session.get_one(Broadcast, number)).stopped_at is None


async def test_a_broadcast_that_there_is_not_is_refused(town: Town) -> None:
    with pytest.raises(BroadcastUnknownError):
        await town.counts(1)
    with pytest.raises(BroadcastUnknownError):
        await town.stop(1)


@pytest.mark.parametrize("who", ["lead", "duty officer", "member", "nobody"])
async def test_only_organisers_begin_see_and_stop(town: Town, who: str) -> None:
    number = await town.begin()
    async with town.database.snapshot() as session:
        other = Town(town.database, await actor_of(session, "telegram", who))

    for attempt in (other.begin(), other.stop(number), other.counts(number)):
        with pytest.raises(NotAllowedError):
            await attempt

    assert await town.counts(number) == {"waiting": 7}
