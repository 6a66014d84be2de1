"""Numbers and posters, from the command to the files on the phone."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.app import App
from config.texts import texts_for
from storage.tables import Job, JobState
from tests.chat import Chat
from tests.officials import ME, lead_of

VI = texts_for("vi")
PNG = b"\x89PNG\r\n\x1a\n"
LINK = f"https://t.me/{ME['username']}?start=u-so-dau"


def uploads(chat: Chat) -> list[tuple[str, str, bytes, str]]:
    """What has come as a file: how, its name, its first bytes, its caption."""
    calls = [
        (method, parameters.get("caption", ""))
        for method, parameters in chat.platform.calls
        if method in {"sendPhoto", "sendDocument"}
    ]
    return [
        (method, name, content[:8], caption)
        for (method, caption), (_, name, content) in zip(
            calls, chat.platform.documents, strict=True
        )
    ]


async def jobs(app: App) -> list[tuple[str, JobState, dict[str, Any]]]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(select(Job).order_by(col(Job.id)))
        return [(job.kind, job.state, job.parameters) for job in rows]


async def test_organiser_sees_the_numbers_and_gets_the_picture(
    app: App, chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask("Bao giờ sân chơi của khu tập thể có đèn chiếu sáng?")

    await organiser.send("/thongke")

    said = [
        "Hội nghị đối thoại 2022, tính đến 08:00 ngày 10/5/2022",
        "1 câu hỏi, kiến nghị của 1 người.",
        "1/11 đơn vị có câu hỏi, 0/11 đơn vị đã gửi tổng hợp.",
        "Hết hạn gửi câu hỏi: trước ngày 17/5/2022",
        "Hạn đơn vị gửi tổng hợp: trước ngày 19/5/2022",
        "Lĩnh vực được hỏi nhiều nhất: Nội dung khác (1).",
        "Đơn vị gửi nhiều nhất: Sở Dầu (1).",
        "Ngày nhiều câu hỏi nhất: 10/5 (1).",
    ]
    assert organiser.said.splitlines()[:8] == said
    await organiser.press(VI.plain("button-stats-draw"))
    [(method, name, head, caption)] = uploads(organiser)
    assert (method, name, head) == ("sendPhoto", "so-lieu-HB22-2022-05-10.png", PNG)
    assert caption.splitlines()[:8] == said
    assert await jobs(app) == [("stats", JobState.finished, {"form": "png"})]


async def test_lead_gets_a_poster_of_the_own_unit(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")

    await lead.send("/apphich")
    assert (lead.said, lead.labels) == (VI("poster-which-unit"), ["Sở Dầu"])
    await lead.press("Sở Dầu")

    name = "ap-phich-HB22-2022-05-10-so-dau"
    unit = app.plan.unit("so-dau").name
    assert uploads(lead) == [
        (
            "sendPhoto",
            f"{name}.png",
            PNG,
            VI.plain("poster-caption-square", unit=unit, link=LINK),
        ),
        ("sendDocument", f"{name}.pdf", b"%PDF-1.4", VI.plain("poster-caption-pdf")),
        ("sendDocument", f"{name}-a4.png", PNG, VI.plain("poster-caption-png")),
    ]
    assert {chat_id for chat_id, *_ in lead.platform.documents} == {str(lead.user_id)}


async def test_link_of_a_poster_opens_the_own_unit(app: App, chat: Chat, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.press_data("s.poster:so-dau")
    [(_, _, parameters)] = await jobs(app)

    await chat.join()
    await chat.send(f"/start {parameters['link'].partition('?start=')[2]}")
    await chat.press("Nội dung khác")
    await chat.send("Bao giờ sân chơi của khu tập thể có đèn chiếu sáng?")

    assert parameters["link"] == LINK
    assert app.plan.unit("so-dau").name in chat.said


async def test_poster_of_another_unit_is_not_made_for_a_lead(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")

    for unit in ("ha-ly", "there-is-none", ""):
        await lead.press_data(f"s.poster:{unit}")

    assert lead.labels == ["Sở Dầu"]
    assert await jobs(app) == []


async def test_organiser_chooses_among_all_units(app: App, organiser: Chat) -> None:
    await organiser.send("/poster")

    assert organiser.labels == [unit.short_name for unit in app.plan.units]


@pytest.mark.parametrize("data", ["s.draw", "s.poster:so-dau"])
async def test_pictures_are_not_for_members(app: App, chat: Chat, data: str) -> None:
    await chat.join()

    await chat.press_data(data)

    assert chat.said == VI("refused-not-allowed")
    assert await jobs(app) == []


async def test_numbers_are_not_for_leads(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")

    for message in ("/thongke", "/stats"):
        await lead.send(message)
        assert lead.said == VI("refused-not-allowed")
    await lead.press_data("s.draw")

    assert await jobs(app) == []


async def test_pictures_are_in_the_menu_of_those_who_may_have_them(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")

    labels = {}
    for name, chat in (("organiser", organiser), ("lead", lead)):
        await chat.send("/start")
        labels[name] = [VI.plain(f"button-{one}") in chat.labels for one in ("stats", "poster")]

    assert labels == {"organiser": [True, True], "lead": [False, True]}
    await organiser.press(VI.plain("button-stats"))
    assert organiser.said.splitlines()[1] == VI("stats-counted", questions=0, people=0)
