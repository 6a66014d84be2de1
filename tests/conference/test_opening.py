"""Loading a plan: renamed by code, added, closed; nothing with questions goes; no other code."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import opened
from conference.opening import PlanMismatchError, conference_record, load_plan_into
from config.plan import ConferencePlan, parse_plan
from config.texts import Safe, texts_for
from storage.database import Database
from storage.tables import DatabaseKind, Department, Question, Topic, Unit
from tests.chat import (
    IN_THE_ASKING_WINDOW,
    ORGANISER,
    PLAN_FILE,
    chat_with,
    make_app,
    stored,
)

VI = texts_for("vi")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
LATER = IN_THE_ASKING_WINDOW + timedelta(days=1)
NEW_UNIT = """
[[units]]
code = "tan-lap"
name = "Đoàn phường Tân Lập"
short_name = "Tân Lập"
kind = "ward"

[[topics]]
number = 1
"""


def changed_plan(*changes: tuple[str, str]) -> ConferencePlan:
    """The plan as handed over, with these pieces of its file replaced."""
    text = PLAN_FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_plan(text.encode())


RENAMED = changed_plan(
    ('name = "Đoàn phường Sở Dầu"', 'name = "Đoàn phường Sở Dầu mới"'),
    ('short_name = "Sở Dầu"', 'short_name = "Sở Dầu mới"'),
    ('label = "Nội dung khác"', 'label = "Chuyện khác"'),
    ('name = "Phòng Kinh tế"', 'name = "Phòng Kinh tế, Hạ tầng"'),
)
ADDED = changed_plan(("\n[[topics]]\nnumber = 1\n", NEW_UNIT))
WITHOUT_SO_DAU = changed_plan(('code = "so-dau"', 'code = "so-dau-2"'))


async def load(
    database: Database,
    plan: ConferencePlan,
    *,
    kind: DatabaseKind = DatabaseKind.live,
    days: int = 0,
) -> None:
    async with database.transaction() as session:
        await load_plan_into(
            session, plan, kind=kind, now=IN_THE_ASKING_WINDOW + timedelta(days=days)
        )


async def units_of(database: Database) -> dict[str, Unit]:
    async with database.snapshot() as session:
        return {unit.code: unit for unit in await session.scalars(select(Unit))}


async def test_a_plan_is_loaded_whole_and_in_its_order(database: Database) -> None:
    plan = changed_plan()
    await load(database, plan)

    async with database.snapshot() as session:
        units = list(await session.scalars(select(Unit).order_by(Unit.position)))  # type: ignore[arg-type]
        topics = list(await session.scalars(select(Topic).order_by(Topic.position)))  # type: ignore[arg-type]
        departments = list(await session.scalars(select(Department)))
        conference = await conference_record(session)
    assert [(one.code, one.name) for one in units] == [(one.code, one.name) for one in plan.units]
    assert [(one.number, one.label) for one in topics] == [
        (one.number, one.label) for one in plan.topics
    ]
    assert {one.code for one in departments} == {one.code for one in plan.departments}
    assert conference is not None
    assert (conference.code, conference.last_number, conference.plan_digest) == (
        "HB22",
        0,
        plan.digest,
    )


async def test_a_changed_plan_renames_by_code(database: Database) -> None:
    await load(database, changed_plan())
    await load(database, RENAMED, days=1)

    async with database.snapshot() as session:
        unit = await session.get_one(Unit, "so-dau")
        topic = await session.get_one(Topic, "other")
        department = await session.get_one(Department, "kinh-te")
        conference = await conference_record(session)
    assert (unit.name, unit.short_name, unit.closed_at) == (
        "Đoàn phường Sở Dầu mới",
        "Sở Dầu mới",
        None,
    )
    assert (topic.label, department.name) == ("Chuyện khác", "Phòng Kinh tế, Hạ tầng")
    assert conference is not None
    assert conference.loaded_at == LATER


async def test_a_changed_plan_adds_closes_and_opens_again_and_deletes_nothing(
    database: Database,
) -> None:
    await load(database, changed_plan())
    before = (await units_of(database)).keys()

    await load(database, ADDED, days=1)
    assert (await units_of(database)).keys() - before == {"tan-lap"}
    await load(database, WITHOUT_SO_DAU, days=2)
    units = await units_of(database)
    closed_at = units["so-dau"].closed_at
    assert closed_at == IN_THE_ASKING_WINDOW + timedelta(days=2)
    assert {code for code, unit in units.items() if unit.closed_at} == {"so-dau", "tan-lap"}
    await load(database, ADDED, days=3)
    units = await units_of(database)
    assert {code for code, unit in units.items() if unit.closed_at} == {"so-dau-2"}
    assert units.keys() == before | {"tan-lap", "so-dau-2"}


async def test_what_is_closed_keeps_the_day_on_which_it_was_closed(database: Database) -> None:
    await load(database, changed_plan())
    await load(database, WITHOUT_SO_DAU, days=1)
    both = changed_plan(
        ('code = "so-dau"', 'code = "so-dau-2"'), ("Thường trực Quận ủy", "Quận ủy")
    )

    await load(database, both, days=2)

    assert (await units_of(database))["so-dau"].closed_at == LATER


async def test_the_same_plan_again_changes_nothing(database: Database) -> None:
    await load(database, changed_plan())
    await load(database, changed_plan(), days=1)

    async with database.snapshot() as session:
        conference = await conference_record(session)
    assert conference is not None
    assert conference.loaded_at == IN_THE_ASKING_WINDOW


@pytest.mark.parametrize(
    ("plan", "kind", "named"),
    [
        (changed_plan(('code = "HB22"', 'code = "HB23"')), DatabaseKind.live, ["HB22", "HB23"]),
        (changed_plan(), DatabaseKind.sandbox, ["live", "sandbox"]),
    ],
)
async def test_another_conference_and_the_other_program_are_refused(
    database: Database, plan: ConferencePlan, kind: DatabaseKind, named: list[str]
) -> None:
    await load(database, changed_plan())

    with pytest.raises(PlanMismatchError) as refused:
        await load(database, plan, kind=kind, days=1)

    assert [one for one in named if one not in str(refused.value)] == []
    async with database.snapshot() as session:
        conference = await conference_record(session)
    assert conference is not None
    assert (conference.code, conference.kind, conference.loaded_at) == (
        "HB22",
        DatabaseKind.live,
        IN_THE_ASKING_WINDOW,
    )


async def test_people_meet_the_changed_plan_and_keep_what_they_asked(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path)
    async with opened(app):
        chat = chat_with(app)
        await chat.join()
        await chat.ask(WORDS)
    renamed = make_app(database_address, tmp_path, plan=RENAMED, clock=app.clock)
    async with opened(renamed):
        chat = chat_with(renamed)
        await chat.send("/hoi")
        assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu mới"))
        assert "Chuyện khác" in chat.labels
    closed = make_app(database_address, tmp_path, plan=WITHOUT_SO_DAU, clock=app.clock)
    async with opened(closed):
        chat, organiser = chat_with(closed), chat_with(closed, ORGANISER)
        await chat.send("/huy")
        await chat.send("/hoi")
        assert chat.said.endswith(VI("ask-unit", many="no"))
        assert "Sở Dầu" in chat.labels  # the one that has taken its place, under another code
        await chat.send("/tracuu 1")
        assert chat.said.startswith(
            VI(
                "question-view", code=Safe("<code>HB22-0001</code>"), state="đã tiếp nhận",
                unit="Đoàn phường Sở Dầu mới", topic="Nội dung khác", text=WORDS,
            )
        )  # fmt: skip
        await organiser.send("/xuat csv")
        [row] = csv.DictReader(io.StringIO(chat.platform.documents[0][2].decode("utf-8-sig")))

        assert (row["Mã"], row["Mã đơn vị"], row["Đơn vị kiến nghị"]) == (
            "HB22-0001",
            "so-dau",
            "Đoàn phường Sở Dầu mới",
        )
        assert [one.code for one in await stored(closed, Question)] == ["HB22-0001"]


async def test_a_program_with_another_conferences_plan_does_not_start(
    database_address: str, tmp_path: Path
) -> None:
    async with opened(make_app(database_address, tmp_path)):
        pass
    other = make_app(
        database_address, tmp_path, plan=changed_plan(('code = "HB22"', 'code = "HB23"'))
    )

    with pytest.raises(PlanMismatchError):
        async with opened(other):
            pass
