import asyncio
import contextlib
from datetime import timedelta

import pytest

from bot.app import opened
from bot.sandbox_orders import SandboxOrders
from storage.tables import AuditEntry, ChatState, OutboxMessage, Person, Question, Role, RoleGrant
from tests.bot.sandbox.conftest import MEMBER
from tests.chat import ORGANISER, FrozenClock, chat_with, make_app, stored

BEGINNING = timedelta(hours=1)


# The page's side


async def test_orders_are_handed_over_once_and_in_order(bot):
    given = [{"kind": "clock", "to": "day"}, {"kind": "samples"}]
    first, second = [(await bot.control("orders", each))["number"] for each in given]
    found = (await bot.read("orders?after=0"))["orders"]
    assert found == [{**given[0], "number": first}, {**given[1], "number": second}]
    assert (await bot.read(f"orders?after={first}"))["orders"] == found[1:]
    assert (await bot.read(f"orders?after={second}"))["orders"] == []


async def test_bot_that_waits_gets_an_order_as_soon_as_it_is_given(bot):
    waiting = asyncio.ensure_future(bot.read("orders?after=0&wait=30"))
    await bot.read("state")
    number = (await bot.control("orders", {"kind": "samples"}))["number"]
    assert await waiting == {"orders": [{"kind": "samples", "number": number}]}


@pytest.mark.parametrize("order", [{}, {"kind": "shutdown"}, {"kind": None}])
async def test_order_of_an_unknown_kind_is_refused(bot, order):
    answer = await bot.control("orders", order, status=400)
    assert answer == {"error": "kind must be one of clock, reset, samples"}
    assert (await bot.read("orders"))["orders"] == []


async def test_what_the_bot_tells_reaches_the_page_and_dates_messages(bot):
    cursor = (await bot.read("state"))["cursor"]
    told = {"shift": 86_400, "samples": None}
    await bot.control("told", told)
    sent = await bot.ok("sendMessage", chat_id=MEMBER, text="x")
    (event, _) = (await bot.read(f"events?after={cursor}"))["events"]
    assert (event["kind"], event["chat_id"], event["told"]) == ("told", 0, told)
    assert (await bot.read("state"))["told"] == told
    assert sent["date"] == int(bot.clock.now) + 86_400


async def test_reset_tells_the_bot_to_begin_anew_and_waits_for_it(bot):
    await bot.control("told", {"shift": 5})
    await bot.control("reset")
    (order,) = (await bot.read("orders"))["orders"]
    assert order["kind"] == "reset"
    assert (await bot.read("state"))["told"] == {"shift": 5, "waiting": True}
    await bot.control("told", {"shift": 0})
    assert (await bot.read("state"))["told"] == {"shift": 0}


async def test_reset_waits_for_no_bot_that_has_never_told_anything(bot):
    await bot.control("reset")
    assert (await bot.read("state"))["told"] == {}


async def test_press_says_what_was_pressed(bot):
    message = await bot.asks(data="a.send")
    cursor = (await bot.read("state"))["cursor"]
    query = await bot.presses(message, "a.send")
    (event,) = (await bot.read(f"events?after={cursor}"))["events"]
    assert (event["kind"], event["query_id"], event["data"]) == ("callback", query, "a.send")


# The bot's side


class TurnedClock(FrozenClock):
    """Stands still, but can be turned."""

    def __call__(self):
        return self.moment + self.offset


@pytest.fixture
async def app(migrated_sqlite, tmp_path):
    """The whole program on SQLite, in the morning of 10 May."""
    path = tmp_path / "doithoai.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    app = make_app(f"sqlite:///{path}", tmp_path, clock=TurnedClock())
    async with opened(app):
        yield app


@pytest.fixture
def orders(app):
    return SandboxOrders(app, "http://127.0.0.1:9", BEGINNING)


async def next_things(orders):
    told = await orders.told()
    return told["now"], told["nudge"], told["milestone"], told["deadline"]


async def test_bot_tells_its_moment_and_what_comes_next(orders):
    told = await orders.told()
    assert told == {
        "order": 0,
        "zone": "Asia/Ho_Chi_Minh",
        "now": "2022-05-10T08:00:00+07:00",
        "shift": 0.0,
        "nudge": "2022-05-12T19:00+07:00",
        "deadline": "2022-05-17T00:00+07:00",
        "milestone": "asking_closes",
        "samples": None,
    }


async def test_clock_goes_to_reminders_milestones_and_days_until_none_is_left(orders):
    await orders.carry_out({"kind": "clock", "to": "nudge"})
    first = await next_things(orders)
    await orders.carry_out({"kind": "clock", "to": "deadline"})
    second = await next_things(orders)
    await orders.carry_out({"kind": "clock", "to": "day"})
    third = await next_things(orders)
    for _ in range(30):
        await orders.carry_out({"kind": "clock", "to": "day"})
    last = await next_things(orders)
    await orders.carry_out({"kind": "clock", "to": "nudge"})
    await orders.carry_out({"kind": "clock", "to": "deadline"})

    closes = ("asking_closes", "2022-05-17T00:00+07:00")
    due = ("unit_reports_due", "2022-05-19T00:00+07:00")
    assert first == ("2022-05-12T19:00:00+07:00", "2022-05-14T19:00+07:00", *closes)
    assert second == ("2022-05-17T00:00:00+07:00", "2022-05-17T19:00+07:00", *due)
    assert third == ("2022-05-18T00:00:00+07:00", "2022-05-18T12:00+07:00", *due)
    assert last == ("2022-06-17T00:00:00+07:00", None, None, None)
    assert await next_things(orders) == last


async def test_turned_clock_reminds_at_once_and_is_remembered(app, orders):
    async with app.database.transaction() as session:
        grown = Person(channel="telegram", external_id="8", created_at=app.clock())
        session.add(grown)
        await session.flush()
        session.add(
            RoleGrant(
                person_id=grown.id, role="unit_lead", unit_code="so-dau", granted_at=app.clock()
            )
        )
    await orders.carry_out({"kind": "clock", "to": "nudge"})
    reminded = [message.chat_id for message in await stored(app, OutboxMessage)]
    assert "8" in reminded

    app.clock.offset = timedelta()
    await app.open_conference()
    assert app.clock().isoformat() == "2022-05-12T12:00:00+00:00"


async def test_samples_are_judged_by_the_same_rules_and_loaded_once(app, orders):
    await orders.carry_out({"kind": "samples"})
    first = orders.samples
    await orders.carry_out({"kind": "samples"})

    why = "text-unfit.too-short"
    assert first == {
        "taken": 127,
        "held": 0,
        "refused": [{"number": 123, "text": "test", "why": why}],
    }
    assert orders.samples == first
    questions = await stored(app, Question)
    opens, now = app.plan.moment("asking_opens"), app.clock()
    assert len(questions) == 127
    assert {opens <= each.submitted_at <= now for each in questions} == {True}
    assert {each.unit_code for each in questions} <= {unit.code for unit in app.plan.units}


async def test_starting_over_forgets_everybody_and_returns_to_the_beginning(app, orders):
    member, organiser = chat_with(app), chat_with(app, ORGANISER)
    await member.join()
    await member.ask("Bao giờ sân chơi ở khu em có đèn ạ?")
    await organiser.send("/tiendo")
    orders.samples = {"taken": 1, "held": 0, "refused": []}
    await orders.carry_out({"kind": "clock", "to": "day"})
    app.platform.calls.clear()

    await orders.carry_out({"kind": "reset"})

    assert (app.clock.offset, orders.samples) == (BEGINNING, None)
    forgotten = (Question, ChatState, OutboxMessage, AuditEntry)
    assert [await stored(app, table) for table in forgotten] == [[]] * 4
    assert [person.external_id for person in await stored(app, Person)] == [str(ORGANISER)]
    assert [grant.role for grant in await stored(app, RoleGrant)] == [Role.organiser]
    assert [method for method, _ in app.platform.calls] == ["setMyCommands"] * 3
    await organiser.send("/tiendo")
    assert "0/11 đơn vị đã gửi tổng hợp, 0 câu hỏi" in organiser.said
    await member.send("/hoi")
    assert "Quyền của bạn" in member.said


async def told_after(bot, cursor):
    """The next thing that the bot tells, and the cursor behind it."""
    while True:
        found = await bot.read(f"events?after={cursor}&wait=20")
        for event in found["events"]:
            if event["kind"] == "told":
                return event["told"], event["number"]
        cursor = found["cursor"]


async def test_bot_carries_out_what_the_page_orders_and_tells_it(app, bot):
    cursor = (await bot.read("state"))["cursor"]
    orders = SandboxOrders(app, bot.base, BEGINNING)
    serving = asyncio.ensure_future(orders.run())
    try:
        first, cursor = await told_after(bot, cursor)
        number = (await bot.control("orders", {"kind": "clock", "to": "day"}))["number"]
        turned, cursor = await told_after(bot, cursor)
        done, cursor = await told_after(bot, cursor)
        await bot.control("reset")
        anew, cursor = await told_after(bot, cursor)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    assert (first["order"], first["shift"]) == (0, 0)
    # The page knows the new moment before anything that it brings is sent.
    assert (turned["order"], turned["shift"]) == (0, 86_400)
    assert (done["order"], done["shift"]) == (number, 86_400)
    assert (anew["order"], anew["shift"]) == (number + 1, 3_600)
    assert (await bot.read("state"))["told"] == anew


async def test_order_that_fails_does_not_keep_the_next_one_from_being_done(app, bot, caplog):
    cursor = (await bot.read("state"))["cursor"]
    await bot.control("orders", {"kind": "clock", "to": {}})
    number = (await bot.control("orders", {"kind": "clock", "to": "day"}))["number"]
    orders = SandboxOrders(app, bot.base, BEGINNING)
    serving = asyncio.ensure_future(orders.run())
    try:
        for _moment in ("at first", "turned"):
            _, cursor = await told_after(bot, cursor)
        told, _ = await told_after(bot, cursor)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    assert (told["order"], told["shift"]) == (number, 86_400)
    assert [line.getMessage().partition(" failed")[0] for line in caplog.records] == [
        f"sandbox order {number - 1}"
    ]
