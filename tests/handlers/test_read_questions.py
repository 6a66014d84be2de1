"""A unit lead reads before handing up."""

from bot.app import App
from tests.chat import Chat, chat_with
from tests.officials import lead_of


async def test_lead_reads_the_units_questions_masked_and_page_by_page(
    app: App, organiser: Chat, chat: Chat
) -> None:
    await chat.join()
    for number in range(6):
        await chat.ask(f"Đường số {number} bao giờ có đèn? Gọi em theo số 0912 345 678 nhé.")
    await chat.ask("Câu của phường khác thì không hiện ở đây?", unit="")
    lead = await lead_of(app, organiser, "Sở Dầu")

    await lead.send("/baocao")
    await lead.press("Đọc các câu hỏi (7)")

    assert lead.said.startswith("<b>Câu hỏi của Đoàn phường Sở Dầu</b> (7)\n\n<b>HB22-0001</b>")
    assert ("0912" in lead.said, "☎●●●●●●" in lead.said) == (False, True)
    assert lead.labels == ["Trang sau ›", "‹ Quay lại"]

    await lead.press("Trang sau")
    assert [line for line in lead.said.split("\n") if "HB22" in line] == [
        "<b>HB22-0006</b> · Nội dung khác · đã tiếp nhận",
        "<b>HB22-0007</b> · Nội dung khác · đã tiếp nhận",
    ]


async def test_another_units_questions_are_not_read(app: App, organiser: Chat, chat: Chat) -> None:
    await chat.join()
    await chat.ask("Đường nhà em bao giờ có đèn chiếu sáng ạ?")
    lead = await lead_of(app, organiser, "Hạ Lý")

    await lead.press_data("r.read:so-dau:0")

    assert "HB22-0001" not in lead.said
    assert lead.said.startswith("Việc này dành cho")


async def test_members_questions_are_not_read_by_members(app: App, chat: Chat) -> None:
    await chat.join()
    await chat.ask("Đường nhà em bao giờ có đèn chiếu sáng ạ?")
    other = chat_with(app, 7_000_000_777)
    await other.join()

    await other.press_data("r.read:so-dau:0")

    assert "HB22-0001" not in other.said
