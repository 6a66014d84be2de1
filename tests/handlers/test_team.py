import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from bot.app import App, opened
from bot.inbox import store_updates
from conference.joining import token_hash
from conference.roles import ROLE_PERMISSIONS
from config.texts import texts_for
from handlers.callbacks import RevokeInviteCallback, RevokeRoleCallback, TakeInviteCallback
from handlers.commands import COMMANDS, shown_name
from storage.tables import AuditEntry, Invite, Person, Report, Role, RoleGrant
from tests.chat import ORGANISER, Chat, RecordingPlatform, chat_with, make_app
from tests.officials import LEADS, lead_of, link_to, official

VI = texts_for("vi")
INVALID = VI("refused-invite-invalid")


async def rows(app: App, table: type[SQLModel], *order: Any) -> list[Any]:
    async with app.database.snapshot() as session:
        return list(await session.scalars(select(table).order_by(*order or (col(table.id),))))


async def granted(app: App) -> list[tuple[str, str, str | None, bool]]:
    """(external id, role, unit, whether revoked) of every grant by link."""
    async with app.database.snapshot() as session:
        found = await session.execute(
            select(RoleGrant, Person)
            .join(Person, col(Person.id) == col(RoleGrant.person_id))
            .where(col(RoleGrant.by_settings).is_(False))
            .order_by(col(RoleGrant.id))
        )
        return [
            (person.external_id, grant.role.value, grant.unit_code, grant.revoked_at is not None)
            for grant, person in found
        ]


def menus(platform: RecordingPlatform, user_id: int) -> list[list[str] | None]:
    """The menus given to a person's own chat, in order; None: taken away."""
    found: list[list[str] | None] = []
    for method, parameters in platform.calls:
        scope = json.loads(parameters.get("scope", "null"))
        if scope != {"type": "chat", "chat_id": user_id}:
            continue
        commands = json.loads(parameters["commands"]) if method == "setMyCommands" else None
        found.append(commands and [entry["command"] for entry in commands])
    return found


def menu_of(*roles: Role, language: str = "vi") -> list[str]:
    """The commands that the permission table opens to these roles."""
    allowed = frozenset().union(*(ROLE_PERMISSIONS[role] for role in (Role.member, *roles)))
    return [
        shown_name(command, language)
        for command in COMMANDS
        if command.permission in allowed and command.name != "start"
    ]


@pytest.mark.parametrize(
    ("role", "unit", "said"),
    [
        (Role.organiser, "", "Ban Tổ chức"),
        (Role.unit_lead, "Sở Dầu", "Bí thư Đoàn phường Sở Dầu"),
        (Role.duty_officer, "", "cán bộ trực"),
    ],
)
async def test_whoever_opens_a_link_sees_the_role_and_takes_it_with_one_tap(
    app: App, organiser: Chat, role: Role, unit: str, said: str
) -> None:
    payload = await link_to(organiser, role, unit)
    offered = chat_with(app, LEADS)
    await offered.send(f"/start {payload}")
    seen, before = offered.screen.text, await granted(app)
    labels = offered.labels
    await offered.press("Nhận vai trò")

    title = app.plan.conference.short_title
    assert seen == VI("invite-offer", role=said, title=title, own="no")
    assert labels == ["Nhận vai trò", "Hủy"]
    assert before == []
    code = "so-dau" if unit else None
    assert await granted(app) == [(str(LEADS), role.value, code, False)]
    assert offered.said.startswith(f"Cảm ơn đồng chí đã nhận vai trò <b>{said}</b>.")
    assert menus(app.platform, LEADS) == [menu_of(role)]


async def test_link_has_256_random_bits_and_only_their_hash_is_kept(
    app: App, organiser: Chat
) -> None:
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")

    token = payload.removeprefix("i-")
    assert payload == f"i-{token}"
    assert len(payload) <= 64
    assert len(token) == 43
    [invite] = await rows(app, Invite)
    assert invite.token_hash == token_hash(token)
    assert invite.expires_at == app.clock() + timedelta(hours=72)
    async with app.database.snapshot() as session:
        kept = [
            str(row)
            for table in SQLModel.metadata.sorted_tables
            if table.name != "outbox"
            for row in await session.execute(select(table))
        ]
    assert [row for row in kept if token in row] == []
    assert organiser.labels == ["Tạo đường dẫn khác", "Xem nhân sự"]


async def test_invitation_asks_the_unit_of_a_lead_and_marks_the_free_ones(
    app: App, organiser: Chat
) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/moi")
    roles = organiser.labels
    await organiser.press("Bí thư")

    assert roles == ["Ban Tổ chức", "Bí thư", "Cán bộ trực"]
    names = [unit.short_name for unit in app.plan.units]
    assert organiser.labels == [n if n == "Sở Dầu" else f"○ {n}" for n in names]


async def test_link_works_once(app: App, organiser: Chat) -> None:
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    first, second = chat_with(app, LEADS), chat_with(app, LEADS + 1)
    await first.send(f"/start {payload}")
    await second.send(f"/start {payload}")
    await first.press("Nhận vai trò")
    await second.press("Nhận vai trò")
    taken_late = second.said
    await second.send(f"/start {payload}")

    assert (taken_late, second.said) == (INVALID, INVALID)
    assert await granted(app) == [(str(LEADS), "unit_lead", "so-dau", False)]
    assert [p.external_id for p in await rows(app, Person)] == [str(ORGANISER), str(LEADS)]


async def test_second_tap_of_the_same_person_shows_the_role_again(
    app: App, organiser: Chat
) -> None:
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    chat = chat_with(app, LEADS)
    await chat.send(f"/start {payload}")
    take, number = chat.screen.buttons[0][1], chat.screen.message_id
    await chat.deliver(
        {"callback_query": chat.callback(take, number)},
        {"callback_query": chat.callback(take, number)},
    )
    taken = chat.said
    await chat.send(f"/start {payload}")

    role = "Bí thư Đoàn phường Sở Dầu"
    assert taken.startswith(f"Cảm ơn đồng chí đã nhận vai trò <b>{role}</b>.")
    assert chat.said == VI("invite-held", role=role, open="no")
    assert await granted(app) == [(str(LEADS), "unit_lead", "so-dau", False)]


async def test_whoever_has_the_role_already_does_not_use_the_link_up(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    await lead.send(f"/start {payload}")
    said, labels = lead.said, lead.labels
    other = chat_with(app, LEADS + 1)
    await other.send(f"/start {payload}")
    await other.press("Nhận vai trò")

    assert said == VI("invite-held", role="Bí thư Đoàn phường Sở Dầu", open="yes")
    assert labels == ["Mở danh mục"]
    assert [one[0] for one in await granted(app)] == [str(LEADS), str(LEADS + 1)]


async def test_inviter_who_opens_the_link_is_told_whose_it_is(app: App, organiser: Chat) -> None:
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    await organiser.send(f"/start {payload}")

    role, title = "Bí thư Đoàn phường Sở Dầu", app.plan.conference.short_title
    assert organiser.said == VI("invite-offer", role=role, title=title, own="yes")
    await organiser.press("Hủy")
    assert await granted(app) == []
    [invite] = await rows(app, Invite)
    assert invite.used_at is None


@pytest.mark.parametrize(
    "payload",
    ["i-", "i-made-up", f"i-{'t' * 43}", "i-' OR 1=1 --", "i-" + "Ả" * 40, "i-\x00", "i- i-"],
)
async def test_made_up_link_gives_nothing(app: App, payload: str) -> None:
    chat = chat_with(app)
    await chat.send(f"/start {payload}")
    shown = chat.said
    await chat.press_data("i.take:" + payload.removeprefix("i-").replace(":", "")[:43])

    assert shown == INVALID
    assert [p.external_id for p in await rows(app, Person)] == [str(ORGANISER)]
    assert await granted(app) == []


async def test_link_expires_after_72_hours(app: App, organiser: Chat) -> None:
    payload = await link_to(organiser, Role.duty_officer)
    early, late = chat_with(app, LEADS), chat_with(app, LEADS + 1)
    await late.send(f"/start {payload}")
    app.clock.moment += timedelta(hours=72) - timedelta(seconds=1)
    await early.send(f"/start {payload}")
    labels = early.labels
    app.clock.moment += timedelta(seconds=1)
    await late.press("Nhận vai trò")
    pressed = late.said
    await late.send(f"/start {payload}")

    assert labels == ["Nhận vai trò", "Hủy"]
    assert (pressed, late.said) == (INVALID, INVALID)
    assert await granted(app) == []


async def test_revoked_link_is_of_no_use(app: App, organiser: Chat) -> None:
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    chat = chat_with(app, LEADS)
    await chat.send(f"/start {payload}")
    await organiser.send("/nhansu")
    listed = organiser.said
    await organiser.press("Thu hồi đường dẫn: Bí thư Đoàn phường Sở Dầu")
    revoked = organiser.said
    await chat.press("Nhận vai trò")

    open_line = VI(
        "team-open-link", role="Bí thư Đoàn phường Sở Dầu", moment="08:00 ngày 13/5/2022"
    )
    assert open_line in listed.splitlines()
    assert revoked.splitlines()[0] == VI("team-link-revoked")
    assert open_line not in revoked.splitlines()
    assert chat.said == INVALID
    assert await granted(app) == []
    assert [one.action for one in await rows(app, AuditEntry)] == [
        "invite.created",
        "invite.revoked",
    ]


async def test_revoking_a_used_link_or_a_lost_role_changes_nothing(
    app: App, organiser: Chat
) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/nhansu")
    for data in (
        RevokeInviteCallback(invite=1),
        RevokeInviteCallback(invite=99),
        RevokeRoleCallback(grant=99, sure=True),
        RevokeInviteCallback(invite=2**63 - 1),
    ):
        await organiser.press_data(data.pack())
        assert organiser.said.splitlines()[0] == VI("team-gone-already")

    assert await granted(app) == [(str(LEADS), "unit_lead", "so-dau", False)]


@pytest.mark.parametrize("people", [15])
async def test_of_many_who_race_for_links_one_gets_each(
    app: App, organiser: Chat, database_address: str, tmp_path: Path, people: int
) -> None:
    payloads = [await link_to(organiser, Role.unit_lead, "Sở Dầu") for _ in range(5)]
    twin = make_app(database_address, tmp_path, platform=app.platform, clock=app.clock)
    async with opened(twin):
        # On PostgreSQL two programs take turns of eight chats at once; on SQLite one writes.
        apps = [app] if app.database.is_sqlite else [app, twin]
        for payload in payloads:
            token = payload.removeprefix("i-")
            chats = [chat_with(apps[one % len(apps)], LEADS + one) for one in range(people)]
            presses = [
                {
                    "update_id": next(Chat._update_ids),
                    "callback_query": chat.callback(TakeInviteCallback(token=token).pack(), 5),
                }
                for chat in chats
            ]
            for chat in chats:
                app.platform.screens.setdefault(str(chat.user_id), {})[5] = None
            async with app.database.transaction() as session:
                await store_updates(session, str(app.bot.id), presses, app.clock())
            await asyncio.gather(*(one.settle() for one in apps))

    invites = await rows(app, Invite)
    assert [one.used_by is not None for one in invites] == [True] * 5
    taken = await granted(app)
    assert len(taken) == 5
    assert {one[1:] for one in taken} == {("unit_lead", "so-dau", False)}
    people_kept = {one.external_id for one in await rows(app, Person)}
    assert people_kept == {str(ORGANISER), *(one[0] for one in taken)}


async def test_team_lists_roles_links_and_units_with_nobody(app: App, organiser: Chat) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    await official(app, organiser, LEADS + 1, Role.duty_officer)
    await link_to(organiser, Role.organiser)
    await organiser.send("/nhansu")

    since = "08:00 ngày 10/5/2022"
    lead = "Bí thư Đoàn phường Sở Dầu"
    assert organiser.said.splitlines() == [
        VI("team-title"),
        VI("team-member", number=1, role="cán bộ trực", moment=since, who="reachable"),
        VI("team-member", number=2, role="Ban Tổ chức", moment=since, who="self"),
        VI("team-member", number=3, role=lead, moment=since, who="reachable"),
        VI("team-open-link", role="Ban Tổ chức", moment="08:00 ngày 13/5/2022"),
        VI(
            "team-units-without-lead",
            units="Quán Toan; Hùng Vương; Thượng Lý; Hạ Lý; Minh Khai; Trại Chuối; "
            "Hoàng Văn Thụ; Phan Bội Châu; Trường học; Cơ quan, doanh nghiệp",
        ),
    ]
    assert organiser.labels == [
        "Thu vai trò số 1",
        "Thu vai trò số 3",
        "Thu hồi đường dẫn: Ban Tổ chức",
        "Mời thêm người",
    ]


async def test_team_of_many_is_shown_in_pages(app: App, organiser: Chat) -> None:
    names = [unit.short_name for unit in app.plan.units] * 3
    for number, name in enumerate(names):
        await lead_of(app, organiser, name, LEADS + number)
    await organiser.send("/nhansu")
    first, labels = organiser.said.splitlines(), organiser.labels
    await organiser.press("Trang sau ›")

    assert len(organiser.said) < 4096
    numbers = [line.split(".")[0] for line in (*first, *organiser.said.splitlines())]
    assert [n for n in numbers if n.isdigit()] == [str(n) for n in range(1, 35)]
    assert labels[-2:] == ["Trang sau ›", "Mời thêm người"]
    assert organiser.labels[-2:] == ["‹ Trang trước", "Mời thêm người"]


async def test_role_is_revoked_after_asking_once_and_its_menu_goes(
    app: App, organiser: Chat
) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/nhansu")
    await organiser.press("Thu vai trò số 2")
    asked, before = organiser.said, await granted(app)
    await organiser.press("Thu vai trò")

    assert asked == VI("team-revoke-ask", role="Bí thư Đoàn phường Sở Dầu", number=2)
    assert before == [(str(LEADS), "unit_lead", "so-dau", False)]
    assert await granted(app) == [(str(LEADS), "unit_lead", "so-dau", True)]
    assert organiser.said.splitlines()[0] == VI("team-revoked")
    assert menus(app.platform, LEADS) == [menu_of(Role.unit_lead), None]
    revoked = [one for one in await rows(app, AuditEntry) if one.action == "role.revoked"]
    assert [one.detail for one in revoked] == [{"role": "unit_lead", "unit": "so-dau"}]


async def test_who_loses_one_of_two_roles_keeps_the_menu_of_the_other(
    app: App, organiser: Chat
) -> None:
    chat = await official(app, organiser, LEADS, Role.duty_officer)
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    await chat.send(f"/start {payload}")
    await chat.press("Nhận vai trò")
    await organiser.send("/nhansu")
    await organiser.press("Thu vai trò số 1")
    await organiser.press("Thu vai trò")

    assert menus(app.platform, LEADS) == [
        menu_of(Role.duty_officer),
        menu_of(Role.duty_officer, Role.unit_lead),
        menu_of(Role.unit_lead),
    ]


async def test_nobody_revokes_their_own_or_the_settings_organisers_role(
    app: App, organiser: Chat
) -> None:
    second = await official(app, organiser, LEADS, Role.organiser)
    grants = {one.person_id: one.id for one in await rows(app, RoleGrant)}
    by_settings, by_link = grants.values()
    await organiser.send("/nhansu")
    await organiser.press_data(RevokeRoleCallback(grant=by_settings, sure=True).pack())
    own = organiser.said
    await second.send("/nhansu")
    labels = second.labels
    await second.press_data(RevokeRoleCallback(grant=by_settings, sure=True).pack())
    settings = second.said
    await second.press_data(RevokeRoleCallback(grant=by_link, sure=True).pack())

    assert own == VI("refused-own-role")
    assert settings == VI("refused-role-by-settings")
    assert second.said == VI("refused-own-role")
    assert labels == ["Mời thêm người"]
    assert await granted(app) == [(str(LEADS), "organiser", None, False)]


async def revoke_all(app: App) -> None:
    async with app.database.transaction() as session:
        for grant in await session.scalars(select(RoleGrant)):
            grant.revoked_at = app.clock()


async def test_lead_revoked_in_the_middle_of_asking_for_time_is_stopped_and_can_ask(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    await lead.press("Xin thêm thời gian")
    await lead.press("Thêm 1 ngày")
    await revoke_all(app)
    await lead.send("Nhiều đoàn viên đang đi thực tập xa, xin thêm một ngày.")
    stopped = lead.said
    await lead.send("Bao giờ sân chơi của khu tập thể có đèn chiếu sáng?")

    assert stopped == VI("refused-not-allowed")
    assert "Bao giờ sân chơi" not in stopped
    assert lead.labels[:2] == ["Đồng ý", "Không đồng ý"]
    async with app.database.snapshot() as session:
        asked = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "extension.asked")
        )
        assert list(asked) == []


async def test_organiser_revoked_between_two_buttons_is_stopped(app: App, organiser: Chat) -> None:
    second = await official(app, organiser, LEADS, Role.organiser)
    await second.send("/giahan")
    await second.press("Đơn vị gửi tổng hợp")
    await second.press("Tất cả đơn vị")
    await revoke_all(app)
    await second.press("Thêm 1 ngày")

    assert second.said == VI("refused-not-allowed")
    await second.send("lý do của tôi")
    assert second.said == VI("hint-how-to-ask", minimum=15)


async def test_revoked_lead_cannot_hand_up_with_a_button_of_before(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    await revoke_all(app)
    await lead.press("Đơn vị không có câu hỏi")

    assert lead.said == VI("refused-not-allowed")
    async with app.database.snapshot() as session:
        assert list(await session.scalars(select(Report))) == []


async def test_menu_follows_the_language(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/ngonngu")
    await lead.press("English")

    assert menus(app.platform, LEADS) == [
        menu_of(Role.unit_lead),
        menu_of(Role.unit_lead, language="en"),
    ]


async def test_member_who_changes_the_language_has_no_menu_of_their_own(chat: Chat) -> None:
    await chat.join()
    await chat.send("/ngonngu")
    await chat.press("English")

    assert menus(chat.platform, chat.user_id) == []


async def test_organiser_by_settings_gets_the_menu_with_start(app: App, organiser: Chat) -> None:
    await organiser.send("/start")

    assert menus(app.platform, ORGANISER) == [menu_of(Role.organiser)]


async def test_menu_says_the_roles_and_help_each_persons_commands(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    payload = await link_to(organiser, Role.unit_lead, "Hạ Lý")
    await lead.send(f"/start {payload}")
    await lead.press("Nhận vai trò")
    officer = await official(app, organiser, LEADS + 1, Role.duty_officer)
    member = chat_with(app)
    await member.join()

    said, commands = {}, {}
    for name, chat in {
        "lead": lead,
        "officer": officer,
        "member": member,
        "organiser": organiser,
    }.items():
        await chat.send("/start")
        roles = [line for line in chat.said.splitlines() if line.startswith("Vai trò:")]
        said[name] = (roles, chat.labels[0])
        await chat.send("/trogiup")
        commands[name] = [
            line.split()[0][1:] for line in chat.said.splitlines() if line.startswith("/")
        ]

    assert said == {
        "lead": (
            ["Vai trò: Bí thư Đoàn phường Sở Dầu, Bí thư Đoàn phường Hạ Lý."],
            "Gửi tổng hợp",
        ),
        "officer": (["Vai trò: cán bộ trực."], "Câu hỏi cần người xem"),
        "member": ([], "Gửi câu hỏi"),
        "organiser": (["Vai trò: Ban Tổ chức."], "Gửi tổng hợp"),
    }
    assert commands == {
        "lead": menu_of(Role.unit_lead),
        "officer": menu_of(Role.duty_officer),
        "member": menu_of(),
        "organiser": menu_of(Role.organiser),
    }
