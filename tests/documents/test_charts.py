from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from matplotlib.image import imread

from conference.opening import load_plan_into
from conference.statistics import Statistics, statistics
from config.plan import ConferencePlan, load_plan
from config.texts import Texts, texts_for
from documents.charts import (
    MOST_CAPTION,
    _shade,
    numbers_words,
    statistics_page,
    write_statistics,
)
from documents.drawing import ink_on
from storage.database import Database
from storage.tables import (
    DatabaseKind,
    Extension,
    Person,
    Question,
    QuestionState,
    Report,
)
from tests.chat import PLAN_FILE
from tests.pictures import assert_words_apart, lines_of

PLAN = load_plan(PLAN_FILE)
NOW = datetime(2022, 5, 18, 1, tzinfo=UTC)
VI, EN = texts_for("vi"), texts_for("en")
UNITS = tuple((unit.code, unit.short_name) for unit in PLAN.units)
TOPICS = tuple((topic.code, topic.label) for topic in PLAN.topics)
DEADLINES = tuple((name, PLAN.moment(name)) for name in ("asking_closes", "unit_reports_due"))


def numbers_of(
    cells: dict[tuple[str, str], int],
    days: dict[date, int],
    *,
    units: tuple[tuple[str, str], ...] = UNITS,
    topics: tuple[tuple[str, str], ...] = TOPICS,
) -> Statistics:
    return Statistics(
        questions=sum(cells.values()),
        people=2,
        authorless=0,
        units=units,
        topics=topics,
        cells=cells,
        days=days,
        units_asked=len({unit for unit, _ in cells}),
        units_reported=1,
        deadlines=DEADLINES,
    )


FIRST = date(2022, 5, 6)
LONG_UNITS = tuple(
    (f"u{number}", name)
    for number, name in enumerate(
        ["Đoàn trường Nguyễn Khuyến", "Khối 3", "WWWWWWWWWWWWWWWWWWWWWWWWW"] * 7
    )
)[:20]
LONG_TOPICS = tuple(
    (f"t{number}", name)
    for number, name in enumerate(
        [
            "Khởi nghiệp, đổi mới sáng tạo, tài năng",
            "Việc làm",
            "Antidisestablishmentarianism trong giới",
        ]
        * 4
    )
)
NOTHING = numbers_of({}, {})
ONE = numbers_of({(UNITS[3][0], TOPICS[2][0]): 1}, {FIRST: 1})
MANY = numbers_of(
    {
        (unit, topic): 10 ** (row % 5) * (column % 3 + 7)
        for row, (unit, _) in enumerate(LONG_UNITS)
        for column, (topic, _) in enumerate(LONG_TOPICS)
    },
    {FIRST + timedelta(days=day): 12345 + day for day in range(-3, 20)},
    units=LONG_UNITS,
    topics=LONG_TOPICS,
)
YEAR = numbers_of(ONE.cells, {FIRST - timedelta(days=day): day % 7 + 1 for day in range(300)})
LATE = numbers_of(ONE.cells, {FIRST + timedelta(days=day): day + 1 for day in range(60)})
CASES = {"none": NOTHING, "one": ONE, "many": MANY, "year": YEAR, "late": LATE}


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [*((numbers, VI) for numbers in CASES.values()), (MANY, EN)],
    ids=[*CASES, "many in English"],
)
def test_words_stand_apart_however_many_there_are(numbers: Statistics, texts: Texts) -> None:
    page = statistics_page(PLAN, texts, numbers, now=NOW)

    assert_words_apart(page)
    assert page.width == 1080
    assert 1500 <= page.height <= 2160


@pytest.mark.parametrize("numbers", [NOTHING, ONE, MANY], ids=["none", "one", "many"])
def test_cells_and_totals_show_every_count(numbers: Statistics) -> None:
    page = statistics_page(PLAN, VI, numbers, now=NOW)

    cells = [
        numbers.cells.get((unit, topic), 0)
        for unit, _ in numbers.units
        for topic, _ in numbers.topics
    ]
    totals = [numbers.of_unit(code) for code, _ in numbers.units]
    totals += [numbers.of_topic(code) for code, _ in numbers.topics]
    expected = Counter(map(str, [*cells, *totals, numbers.questions]))
    assert expected - Counter(lines_of(page)) == Counter()


def test_picture_is_a_png_for_a_phone_with_bars_for_the_days(tmp_path: Path) -> None:
    def share_of_bars(numbers: Statistics) -> float:
        path = tmp_path / "numbers.png"
        statistics_page(PLAN, VI, numbers, now=NOW).save_png(path)
        pixels = imread(path)[..., :3]
        assert pixels.shape == (path_height(numbers), 1080, 3)
        is_bar = (abs(pixels - (0, 0x72 / 255, 0xB2 / 255)) < 0.002).all(axis=2)
        return float(is_bar.mean())

    def path_height(numbers: Statistics) -> int:
        return round(statistics_page(PLAN, VI, numbers, now=NOW).height)

    assert share_of_bars(NOTHING) == 0
    assert 0.003 < share_of_bars(ONE) < share_of_bars(LATE)


def luminance(color: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("highest", [1, 2, 9, 54321])
def test_shades_darken_with_the_count_and_their_figures_are_readable(highest: int) -> None:
    counts = sorted({0, *(round(highest * step / 200) for step in range(201))})
    shades = [_shade(count, highest) for count in counts]

    levels = [luminance(shade) for shade in shades]
    assert all(lighter > darker for lighter, darker in pairwise(levels))
    for shade, level in zip(shades[1:], levels[1:], strict=True):
        ink = ink_on(shade)
        other = luminance(tuple(int(ink[at : at + 2], 16) / 255 for at in (1, 3, 5)))
        assert (max(level, other) + 0.05) / (min(level, other) + 0.05) >= 4.5


def test_numbers_in_words() -> None:
    numbers = numbers_of(
        {("so-dau", "startup-talent"): 3, ("ha-ly", "startup-talent"): 1, ("ha-ly", "other"): 2},
        {date(2022, 5, 6): 2, date(2022, 5, 9): 4},
    )

    assert numbers_words(VI.plain, VI, PLAN, numbers, now=NOW).splitlines() == [
        "Hội nghị đối thoại 2022, tính đến 08:00 ngày 18/5/2022",
        "6 câu hỏi, kiến nghị của 2 người.",
        "2/11 đơn vị có câu hỏi, 1/11 đơn vị đã gửi tổng hợp.",
        "Hết hạn gửi câu hỏi: trước ngày 17/5/2022",
        "Hạn đơn vị gửi tổng hợp: trước ngày 19/5/2022",
        "Lĩnh vực được hỏi nhiều nhất: Khởi nghiệp, tài năng trẻ (4); Nội dung khác (2).",
        "Đơn vị gửi nhiều nhất: Sở Dầu (3); Hạ Lý (3).",
        "Ngày nhiều câu hỏi nhất: 9/5 (4).",
        (
            "Chưa có câu hỏi: Quán Toan; Hùng Vương; Thượng Lý; Minh Khai; Trại Chuối; "
            "Hoàng Văn Thụ; Phan Bội Châu; Trường học và 1 đơn vị khác."
        ),
    ]
    assert numbers_words(EN.plain, EN, PLAN, NOTHING, now=NOW).splitlines() == [
        "Hội nghị đối thoại 2022, as of 08:00 on 18 May 2022",
        "0 questions from 2 people.",
        "0/11 units have questions, 1/11 have reported.",
        "Asking closes: before 17 May 2022",
        "Unit reports due: before 19 May 2022",
    ]


def test_words_of_a_chat_are_escaped() -> None:
    conference = PLAN.conference.model_copy(update={"short_title": "A < B"})
    plan = PLAN.model_copy(update={"conference": conference})

    [chat, file] = [
        numbers_words(say, VI, plan, NOTHING, now=NOW).splitlines()[0] for say in (VI, VI.plain)
    ]

    assert (chat[:8], file[:5]) == ("A &lt; B", "A < B")


async def load(database: Database, plan: ConferencePlan) -> None:
    async with database.transaction() as session:
        await load_plan_into(session, plan, kind=DatabaseKind.live, now=NOW)


async def test_what_is_counted(database: Database, tmp_path: Path) -> None:
    await load(database, PLAN)
    moved = datetime(2022, 5, 18, 17, tzinfo=UTC)
    async with database.transaction() as session:
        people = [Person(channel="telegram", external_id=name, created_at=NOW) for name in "abc"]
        session.add_all(people)
        await session.flush()
        a, b, c = (person.id for person in people)
        submitted, reported = QuestionState.submitted, QuestionState.reported
        rows = [
            (a, "so-dau", "other", submitted, datetime(2022, 5, 9, 16, 59, tzinfo=UTC)),
            # Half past midnight of the 10th where the conference is.
            (a, "so-dau", "other", reported, datetime(2022, 5, 9, 17, 30, tzinfo=UTC)),
            (b, "so-dau", "startup-talent", submitted, datetime(2022, 5, 10, 3, tzinfo=UTC)),
            (None, "ha-ly", "other", reported, datetime(2022, 5, 10, 4, tzinfo=UTC)),
            (c, "ha-ly", "other", QuestionState.held, datetime(2022, 5, 10, 5, tzinfo=UTC)),
            (c, "minh-khai", "other", QuestionState.withdrawn, datetime(2022, 5, 11, tzinfo=UTC)),
        ]
        session.add_all(
            Question(
                code=f"HB22-{number:04}",
                author_id=author,
                unit_code=unit,
                topic_code=topic,
                text="Bao giờ có sân chơi?",
                state=state,
                submitted_at=moment,
            )
            for number, (author, unit, topic, state, moment) in enumerate(rows)
        )
        for number in (1, 2):
            session.add(
                Report(unit_code="ha-ly", number=number, handed_up_at=NOW, question_count=1)
            )
        session.add(Report(unit_code="quan-toan", handed_up_at=NOW, question_count=0))
        session.add(
            Extension(milestone="asking_closes", moment=moved, reason="Mưa bão", granted_at=NOW)
        )
    async with database.snapshot() as session:
        numbers = await statistics(session, PLAN)
        files = await write_statistics(session, PLAN, VI, tmp_path / "n.png", now=NOW)

    assert numbers == Statistics(
        questions=4,
        people=2,
        authorless=1,
        units=UNITS,
        topics=TOPICS,
        cells={
            ("so-dau", "other"): 2,
            ("so-dau", "startup-talent"): 1,
            ("ha-ly", "other"): 1,
        },
        days={date(2022, 5, 9): 1, date(2022, 5, 10): 3},
        units_asked=2,
        units_reported=2,
        deadlines=(("asking_closes", moved), DEADLINES[1]),
    )
    [file] = files
    assert (file.path, file.shown_as) == (tmp_path / "n.png", "photo")
    assert file.caption == numbers_words(VI.plain, VI, PLAN, numbers, now=NOW)
    assert VI.plain("stats-forgotten", count=1) in file.caption.splitlines()
    assert imread(file.path).shape[1] == 1080


async def test_units_and_topics_that_the_plan_has_dropped_are_still_shown(
    database: Database,
) -> None:
    await load(database, PLAN)
    async with database.transaction() as session:
        session.add(
            Question(
                code="HB22-0001",
                unit_code=UNITS[0][0],
                topic_code=TOPICS[0][0],
                text="Bao giờ có sân chơi?",
                state=QuestionState.submitted,
                submitted_at=NOW,
            )
        )
    later = PLAN.model_copy(update={"units": PLAN.units[1:], "topics": PLAN.topics[1:]})
    async with database.snapshot() as session:
        numbers = await statistics(session, later)

    assert numbers.units == (*UNITS[1:], UNITS[0])
    assert numbers.topics == (*TOPICS[1:], TOPICS[0])
    assert (numbers.questions, numbers.units_asked) == (1, 0)


async def test_caption_of_the_longest_names_fits(database: Database, tmp_path: Path) -> None:
    conference = PLAN.conference.model_copy(update={"short_title": "Hội nghị đối thoại " * 15})
    units = tuple(
        unit.model_copy(update={"short_name": "Đ" * 25, "code": f"u{number}"})
        for number, unit in enumerate(PLAN.units * 2)
    )
    topics = tuple(topic.model_copy(update={"label": "Ộ" * 40}) for topic in PLAN.topics)
    plan = PLAN.model_copy(update={"conference": conference, "units": units, "topics": topics})
    await load(database, plan)
    async with database.transaction() as session:
        session.add_all(
            Question(
                code=f"HB22-{number}",
                unit_code=unit.code,
                topic_code=topics[number].code,
                text="Bao giờ có sân chơi?",
                state=QuestionState.submitted,
                submitted_at=NOW,
            )
            for number, unit in enumerate(units[:3])
        )
    async with database.snapshot() as session:
        numbers = await statistics(session, plan)
        [file] = await write_statistics(session, plan, VI, tmp_path / "n.png", now=NOW)

    said = numbers_words(VI.plain, VI, plan, numbers, now=NOW)
    assert len(said) > MOST_CAPTION >= len(file.caption)
    assert file.caption.splitlines() == said.splitlines()[: len(file.caption.splitlines())]
    assert file.caption.splitlines()[5] == "Hạn đơn vị gửi tổng hợp: trước ngày 19/5/2022"
