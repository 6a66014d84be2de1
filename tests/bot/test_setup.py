"""Setting the bot up: a dialogue at a terminal, a real Bot API, real files."""

import hashlib
import os
import sqlite3
import stat
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from dotenv import dotenv_values
from sqlalchemy import select
from sqlmodel import col

from bot.clock import Clock
from bot.sandbox.api import make_app
from bot.sandbox.chats import BOT_USERNAME
from bot.setup import operator_language, set_up
from conference.opening import load_plan_into
from config.plan import load_plan
from config.settings import DEFAULT_PLAN
from storage.database import Database
from storage.tables import ConferenceRecord, DatabaseKind, Invite, Role

TOKEN = "4200000001:AAtestTokenTestTokenTestTokenTest12"
OTHER_TOKEN = "4200000002:AAotherTokenTestTokenTestTokenTe1"
VI_DU = DEFAULT_PLAN.with_name("vi-du-2027.toml")


@dataclass
class Place:
    """A folder of one operator: `.env`, `data/`, and a Bot API that knows `TOKEN`."""

    folder: Path
    api: str
    said: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write_env(self, **values: str) -> None:
        values = {"DATA_DIR": str(self.data), "TELEGRAM_API_BASE": self.api, **values}
        self.env_file.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))

    async def set_up(
        self, secret: str, *answers: str | Callable[[], str], language: str = "vi", now=None
    ) -> int:
        """Run the dialogue with these answers, every one of which must be asked for."""
        waiting = list(answers)
        self.said, self.prompts, self.complaints = [], [], []

        def ask(prompt: str) -> str:
            self.prompts.append(prompt)
            if not waiting:
                raise EOFError
            answer = waiting.pop(0)
            return answer if isinstance(answer, str) else answer()

        def ask_secret(prompt: str) -> str:
            self.prompts.append(prompt)
            return secret

        real = Clock()
        status = await set_up(
            clock=Clock(now - real() if now else timedelta()),
            language=language,
            env_file=self.env_file,
            ask=ask,
            ask_secret=ask_secret,
            say=self.said.append,
            complain=self.complaints.append,
        )
        assert waiting == []
        return status

    @property
    def link(self) -> str:
        (link,) = [line for line in self.said if line.startswith("https://")]
        return link

    def env(self) -> dict[str, str | None]:
        return dict(dotenv_values(self.env_file))

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.data / "doithoai.db")) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    server = TestServer(make_app(tmp_path / "api.db", token=TOKEN))
    await server.start_server(access_log=None)
    place = Place(tmp_path / "operator", str(server.make_url("")))
    place.folder.mkdir()
    place.write_env()
    yield place
    await server.close()


async def test_setup_writes_settings_and_prints_the_first_link(place: Place):
    assert await place.set_up(TOKEN, "", "") == 0

    assert place.complaints == []
    assert place.env() == {
        "DATA_DIR": str(place.data),
        "TELEGRAM_API_BASE": place.api,
        "PLAN_FILE": "config/plans/hong-bang-2022.toml",
        "TELEGRAM_BOT_TOKEN": TOKEN,
    }
    head = f"https://t.me/{BOT_USERNAME}?start="
    payload = place.link.removeprefix(head)
    assert place.link == head + payload
    assert (payload[:2], len(payload)) == ("i-", 45)
    digest = hashlib.sha256(payload[2:].encode()).hexdigest()
    assert place.rows("SELECT token_hash, role, used_at FROM invite") == [
        (digest, "organiser", None)
    ]
    assert place.rows("SELECT code, kind FROM conference") == [("HB22", "live")]


@pytest.mark.parametrize("mode", [None, 0o600, 0o644, 0o666])
async def test_setup_keeps_settings_where_only_the_owner_reads(place: Place, mode: int | None):
    if mode is not None:
        place.env_file.chmod(mode)
        assert await place.set_up(TOKEN, "", "") == 0
    else:
        content = place.env()
        place.env_file.unlink()
        target = place.folder / "elsewhere.env"
        target.write_text("".join(f"{name}='{value}'\n" for name, value in content.items()))
        place.env_file.symlink_to(target)
        assert await place.set_up(TOKEN, "", "") == 0
        assert place.env_file.is_symlink()
    assert stat.filemode(place.env_file.stat().st_mode) == "-rw-------"


async def test_setup_never_shows_the_token(place: Place, capfd, caplog):
    caplog.set_level("DEBUG")
    assert await place.set_up(TOKEN, "", "26/5/2027") == 0
    assert await place.set_up(OTHER_TOKEN) == 1
    captured = capfd.readouterr()
    shown = "\n".join(
        [*place.said, *place.prompts, *place.complaints, captured.out, captured.err, caplog.text]
    )
    assert [t for t in (TOKEN, OTHER_TOKEN) if t.partition(":")[2] in shown] == []


@pytest.mark.parametrize("answer", ["26/5/2027", "2027-05-26"])
async def test_setup_moves_every_milestone_with_the_day(place: Place, answer: str):
    now = datetime(2027, 1, 1, tzinfo=UTC)
    assert await place.set_up(TOKEN, "", answer, now=now) == 0

    path = place.data / "plan.toml"
    before, after = load_plan(DEFAULT_PLAN), load_plan(path)
    years = datetime(2027, 5, 26, tzinfo=UTC) - datetime(2022, 5, 26, tzinfo=UTC)
    assert after.milestones.conference_opens == datetime(2027, 5, 26, 8)  # noqa: DTZ001
    assert after.milestones.asking_opens == before.milestones.asking_opens + years
    assert place.env()["PLAN_FILE"] == str(path)
    assert place.rows("SELECT plan_digest FROM conference") == [(after.digest,)]
    assert sorted(os.listdir(place.data)) == ["doithoai.db", "plan.toml"]  # noqa: PTH208
    at = place.said.index(f"Các dòng sau vẫn nhắc năm 2022; hãy xem và sửa trong {path}:")
    left = [line.strip() for line in place.said[at + 1 :] if line.startswith("  ")]
    assert left == ["conference.title", "conference.short_title", "organiser.plan_date"]
    assert [line for line in place.said if line.startswith("Lưu ý")] == []


async def test_setup_says_that_the_day_is_past(place: Place):
    await place.set_up(TOKEN, "", "", now=datetime(2022, 5, 27, tzinfo=UTC))
    assert [line for line in place.said if line.startswith("Lưu ý")] == [
        "Lưu ý: ngày hội nghị (26/5/2022) đã qua, nên bot sẽ không nhận câu hỏi nữa."
    ]


async def test_setup_offers_the_plans_by_title_and_takes_a_number(place: Place):
    assert await place.set_up(TOKEN, "2", "") == 0
    titles = [load_plan(path).conference.title for path in (DEFAULT_PLAN, VI_DU)]
    assert [line for line in place.said if line.startswith("  ")] == [
        f"  1. {titles[0]} (config/plans/hong-bang-2022.toml)",
        f"  2. {titles[1]} (config/plans/vi-du-2027.toml)",
    ]
    assert place.env()["PLAN_FILE"] == "config/plans/vi-du-2027.toml"


async def test_setup_takes_the_path_of_a_plan(place: Place):
    path = place.folder / "mine.toml"
    path.write_bytes(VI_DU.read_bytes())
    assert await place.set_up(TOKEN, str(path), "") == 0
    assert place.env()["PLAN_FILE"] == str(path)


async def test_setup_again_keeps_everything_and_no_link_is_made(place: Place):
    await place.set_up(TOKEN, "", "26/5/2027")
    env, rows = place.env(), place.rows("SELECT * FROM invite")
    plan = (place.data / "plan.toml").read_bytes()

    assert await place.set_up("", "", "", "") == 0

    assert (place.env(), place.rows("SELECT * FROM invite")) == (env, rows)
    assert (place.data / "plan.toml").read_bytes() == plan
    assert [line for line in place.said if "t.me" in line] == []


@pytest.mark.parametrize("yes", ["c", "Có", "CO\u0301", "y"])
async def test_setup_again_renews_the_link_and_voids_the_old(place: Place, yes: str):
    await place.set_up(TOKEN, "", "")
    first = place.link
    assert await place.set_up("", "", "", yes) == 0
    hashes = [
        hashlib.sha256(link.rpartition("=i-")[2].encode()).hexdigest()
        for link in (first, place.link)
    ]
    query = "SELECT token_hash, revoked_at IS NULL FROM invite ORDER BY id"
    assert place.rows(query) == [(hashes[0], 0), (hashes[1], 1)]


async def test_setup_again_for_another_day_keeps_the_edited_plan_aside(place: Place):
    await place.set_up(TOKEN, "", "26/5/2027")
    path = place.data / "plan.toml"
    edited = path.read_text().replace('contact = ""', 'contact = "0225"')
    path.write_text(edited)

    assert await place.set_up("", "", "27/5/2027", "") == 0

    (aside,) = place.data.glob("plan-*.toml")
    assert aside.read_text() == edited
    assert tomllib.loads(path.read_text())["organiser"]["contact"] == "0225"
    assert load_plan(path).milestones.conference_opens.day == 27


async def test_setup_replaces_a_token_spoilt_by_hand(place: Place):
    place.write_env(TELEGRAM_BOT_TOKEN="rubbish")
    assert await place.set_up(TOKEN, "", "") == 0
    assert place.env()["TELEGRAM_BOT_TOKEN"] == TOKEN


async def test_setup_works_on_either_database(place: Place, database_address: str):
    place.write_env(DATABASE_URL=database_address)
    assert await place.set_up(TOKEN, "2", "") == 0
    assert await place.set_up("", "", "", "c") == 0
    database = Database(database_address)
    async with database.snapshot() as session:
        codes = (await session.scalars(select(ConferenceRecord))).all()
        invites = (await session.scalars(select(Invite).order_by(col(Invite.id)))).all()
    await database.close()
    assert [one.code for one in codes] == [load_plan(VI_DU).conference.code]
    assert [(one.role, one.revoked_at is None) for one in invites] == [
        (Role.organiser, False),
        (Role.organiser, True),
    ]


async def refused(place: Place, secret: str, *answers: str, language: str = "vi") -> str:
    """The one line of a refused setup, which leaves `.env` as it was."""
    before = place.env_file.read_bytes()
    assert await place.set_up(secret, *answers, language=language) == 1
    (line,) = place.complaints
    assert len(line.splitlines()) == 1
    assert place.env_file.read_bytes() == before
    return line


async def test_setup_without_a_token_is_refused(place: Place):
    assert await refused(place, " ") == (
        "Chưa có token. Hãy tạo bot với @BotFather trên Telegram rồi chạy lại."
    )


async def test_setup_with_what_is_no_token_is_refused(place: Place):
    assert await refused(place, "my token", language="en") == (
        'This is no token: a token is digits, a colon, then letters, digits, "-" and "_".'
    )


async def test_setup_with_a_wrong_token_is_refused(place: Place):
    assert await refused(place, OTHER_TOKEN) == (
        "Telegram không nhận token này. Hãy chép lại token từ @BotFather rồi chạy lại."
    )


async def test_setup_without_an_answering_api_is_refused(place: Place, unused_tcp_port: int):
    base = f"http://127.0.0.1:{unused_tcp_port}"
    place.write_env(TELEGRAM_API_BASE=base)
    assert await refused(place, TOKEN, language="en") == (
        f"{base} cannot be reached (ClientConnectorError). "
        "Check the network, TELEGRAM_API_BASE and TELEGRAM_PROXY."
    )


@pytest.mark.parametrize(
    "proxy",
    ["rubbish", "ftp://127.0.0.1:1", "socks5://127.0.0.1:{port}", "http://127.0.0.1:{port}"],
)
async def test_setup_with_a_useless_proxy_is_refused(
    place: Place, unused_tcp_port: int, proxy: str
):
    place.write_env(TELEGRAM_PROXY=proxy.format(port=unused_tcp_port))
    line = await refused(place, TOKEN)
    assert line.startswith(f"Không kết nối được tới {place.api} (")


async def test_setup_at_a_server_that_is_no_bot_api_is_refused(place: Place):
    async def hello(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hello)
    async with TestServer(app) as server:
        place.write_env(TELEGRAM_API_BASE=str(server.make_url("")))
        line = await refused(place, TOKEN)
    assert line.startswith("Không kết nối được tới http://127.0.0.1:")


async def test_setup_with_another_setting_spoilt_is_refused(place: Place):
    place.write_env(SANDBOX_PORT="x")
    line = await refused(place, TOKEN)
    assert line.startswith("Không dùng được cấu hình: SANDBOX_PORT: ")


async def test_setup_with_an_unknown_plan_number_is_refused(place: Place):
    assert await refused(place, TOKEN, "9") == "Không có kế hoạch số 9."


async def test_setup_with_a_missing_plan_is_refused(place: Place):
    path = place.folder / "none.toml"
    assert await refused(place, TOKEN, str(path)) == (
        f"Không dùng được kế hoạch {path}: cannot be read: No such file or directory"
    )


async def test_setup_with_a_bad_plan_names_each_fault(place: Place):
    path = place.folder / "bad.toml"
    text = VI_DU.read_text().replace('language = "vi"', 'language = "xx"')
    path.write_text(text.replace("min_characters = ", "min_charcters = "))
    before = place.env()
    assert await place.set_up(TOKEN, str(path)) == 1
    assert [line.partition(": ")[2].partition(": ")[0] for line in place.complaints] == [
        "conference.language",
        "collection.min_characters",
        "collection.min_charcters",
    ]
    assert place.env() == before


@pytest.mark.parametrize(
    "answer",
    ["mai", "30/2/2027", "26/5", "26/5/27", "2027-5-26", "20270526", "1/1/1999", "1/1/2100"],
)
async def test_setup_with_an_unusable_day_is_refused(place: Place, answer: str):
    assert await refused(place, TOKEN, "", answer) == (
        f'"{answer}" không phải ngày dùng được; hãy viết như 26/5/2027 hoặc 2027-05-26, '
        "từ năm 2000 đến năm 2099."
    )
    assert not place.data.exists()


async def test_setup_over_another_conference_changes_nothing(place: Place):
    await place.set_up(TOKEN, "", "")
    ours = load_plan(VI_DU).conference.code
    assert await refused(place, "", "2", "3/6/2028") == (
        f"Cơ sở dữ liệu này là của hội nghị HB22, còn kế hoạch là của {ours}. "
        "Mỗi hội nghị cần một cơ sở dữ liệu riêng (DATABASE_URL)."
    )
    assert place.rows("SELECT code FROM conference") == [("HB22",)]
    assert list(place.data.glob("*.toml*")) == []


async def test_setup_over_the_sandbox_is_refused(place: Place, database: Database):
    async with database.transaction() as session:
        await load_plan_into(
            session, load_plan(DEFAULT_PLAN), kind=DatabaseKind.sandbox, now=Clock()()
        )
    place.write_env(DATABASE_URL=database.url.render_as_string(hide_password=False))
    assert await refused(place, TOKEN, "", "") == (
        "Cơ sở dữ liệu này là của bản chạy thử, không dùng được với bot thật. "
        "Hãy chọn cơ sở dữ liệu khác (DATABASE_URL)."
    )


async def test_setup_over_a_newer_database_is_refused(place: Place):
    await place.set_up(TOKEN, "", "")
    with closing(sqlite3.connect(place.data / "doithoai.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00d'")
    assert await refused(place, "", "", "", language="en") == (
        "The database cannot be used: the database is of a newer version (revision f00d); "
        "update the program"
    )


@pytest.mark.parametrize(
    "address", ["mysql://x", "sqlite:////proc/none/x.db", "postgresql://127.0.0.1:{port}/x"]
)
async def test_setup_without_a_usable_database_is_refused(
    place: Place, unused_tcp_port: int, address: str
):
    place.write_env(DATABASE_URL=address.format(port=unused_tcp_port))
    line = await refused(place, TOKEN, "", "")
    assert line.startswith("Không dùng được cơ sở dữ liệu: ")


async def test_setup_ended_midway_changes_nothing(place: Place):
    before = place.env()
    assert await place.set_up(TOKEN, "") == 1
    assert place.complaints == ["\nĐã dừng, chưa thay đổi gì."]
    assert place.env() == before
    assert not place.data.exists()


async def test_setup_that_cannot_keep_its_settings_makes_no_link(place: Place):
    await place.set_up(TOKEN, "", "")
    rows = place.rows("SELECT * FROM invite")

    def put_a_folder_in_the_way() -> str:
        place.env_file.unlink()
        place.env_file.mkdir()
        return "c"

    assert await place.set_up(TOKEN, "", "", put_a_folder_in_the_way) == 1
    assert place.complaints == [f"Không ghi được {place.env_file}: Is a directory"]
    assert place.rows("SELECT * FROM invite") == rows
    assert [line for line in place.said if "t.me" in line] == []


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "vi"),
        ({"LANG": "C.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en"}, "en"),
        ({"LANG": "fr_FR@euro"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "", "LC_MESSAGES": "vi_VN"}, "vi"),
    ],
)
def test_operator_language_follows_the_terminal(environment: dict[str, str], language: str):
    assert operator_language(environment) == language
