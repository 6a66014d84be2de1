"""Words live in the catalogues and local things in the plans: the code has neither."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as fluent
from fluent.syntax.visitor import Visitor

from conference.errors import ConferenceError
from conference.extending import EXTENDABLE
from conference.listing import FORMS, ListRequestError
from conference.nudge_times import NudgeKind
from conference.outbox_desk import Reason
from config.plan import ConferencePlan, load_plan
from config.settings import DEFAULT_PLAN
from config.texts import LOCALES_DIR
from handlers.commands import COMMANDS
from handlers.organiser import export_list, outbox
from handlers.shared import fallback, start
from storage.outbox import TROUBLED
from storage.tables import AgeBand, QuestionState, Role
from tests.source import ROOMS, ROOT, literals, modules

SPEAKERS = frozenset({"texts", "plain", "words", "_words", "_tell", "_stop"})
"""What turns a message id, its first argument, into words."""

TEXT_FAULTS = {"no-words", "too-short", "too-long"}


def _dashed(values: object) -> set[str]:
    return {str(value).replace("_", "-") for value in values}  # type: ignore[attr-defined]


FAMILIES: dict[str, set[str]] = {
    "age-": _dashed(AgeBand) | {"unknown"},
    "ask-text-": TEXT_FAULTS | {"more"},
    "button-": {"ask", "my", "deadline", "help", "export", "held", "stats", "poster"},
    "broadcast-ask-": {"unit", "role"},
    "button-audience-": {"all", "unit", "role"},
    "button-export-": set(FORMS),
    "command-": {command.name for command in COMMANDS},
    "content-": set(fallback._KINDS.values()) | {"other"},
    "deadline-": _dashed(start._DEADLINES),
    "export-": {"continued", "continues"},
    "extend-": _dashed(EXTENDABLE),
    "filter-": set(export_list._FILTERS),
    "filter-ask-": set(export_list._FILTERS),
    "history-": {f"question-{what}" for what in ("submitted", "edited", "withdrawn", "reported")},
    "milestone-": {"asking-closes", "unit-reports-due", "consolidation-due"},
    "notice-alert-": {"set-aside", "uncertain"},
    "notice-extended-": _dashed(EXTENDABLE),
    "nudge-": _dashed(get_args(NudgeKind)),
    "outbox-kind-": outbox._NAMED | {"other"},
    "outbox-reason-": set(Reason),
    "outbox-state-": set(TROUBLED),
    "poster-step-": {"scan", "start", "write"},
    "plan-warning-": {
        "audience-not-served",
        "conclusion-late",
        "conclusion-only-if-complex",
        "milestone-past",
        "published-late",
    },
    "refused-": {error.code for error in ConferenceError.__subclasses__()}
    - {"consent-missing", "text-unfit", ListRequestError.code},
    "refused-list-": {"word", "unit", "topic", "state", "since"},
    "refused-text-": TEXT_FAULTS,
    "role-": _dashed(Role),
    "state-": set(QuestionState),
}
"""Ids that the code puts together: how they begin, and all that can follow."""


class _Variables(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: fluent.VariableReference) -> None:  # noqa: N802
        self.found.add(node.id.name)


def _catalogue() -> dict[str, set[str]]:
    """Every message of the Vietnamese catalogue with the variables that its caller must give."""
    needed = {}
    for path in LOCALES_DIR.joinpath("vi").glob("*.ftl"):
        for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body:
            if isinstance(entry, fluent.Message):
                visitor = _Variables()
                visitor.visit(entry)
                needed[entry.id.name] = visitor.found - {"reader", "you", "You"}
    return needed


MESSAGES = _catalogue()


@dataclass(frozen=True)
class Said:
    """One place where the code asks for words."""

    place: str
    ids: frozenset[str]
    starts: frozenset[str]
    given: frozenset[str] | None
    """The variables given; None: they are not written out."""


def _asked(argument: ast.expr) -> Iterator[tuple[str, bool]]:
    """The ids that an argument may be; True: only how they begin."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value, False
    elif isinstance(argument, ast.IfExp):
        yield from _asked(argument.body)
        yield from _asked(argument.orelse)
    elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
        yield str(argument.values[0].value), True
    elif isinstance(argument, ast.BinOp) and isinstance(argument.left, ast.Constant):
        yield str(argument.left.value), True


def _said() -> Iterator[Said]:
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name not in SPEAKERS:
                continue
            asked = set(_asked(node.args[0]))
            keywords = [keyword.arg for keyword in node.keywords]
            yield Said(
                f"{path}:{node.lineno}",
                frozenset(one for one, is_start in asked if not is_start),
                frozenset(one for one, is_start in asked if is_start),
                None if None in keywords else frozenset(filter(None, keywords)),
            )


SAID = list(_said())


def test_the_places_where_words_are_asked_for_are_found() -> None:
    assert sum(bool(said.ids) for said in SAID) > 100
    assert sum(bool(said.starts) for said in SAID) > 20


def test_every_message_that_the_code_names_exists() -> None:
    unknown = {(said.place, one) for said in SAID for one in said.ids if one not in MESSAGES}

    assert unknown == set()


def test_every_message_that_the_code_puts_together_exists() -> None:
    used = {start for said in SAID for start in said.starts}
    members = {start + name for start, names in FAMILIES.items() for name in names}

    assert used == FAMILIES.keys()
    assert members - MESSAGES.keys() == set()


def test_every_message_gets_the_variables_it_needs() -> None:
    lacking = {
        (said.place, message, name)
        for said in SAID
        if said.given is not None
        for message in said.ids | {s + m for s in said.starts for m in FAMILIES.get(s, ())}
        for name in MESSAGES.get(message, set()) - said.given
    }

    assert lacking == set()


def test_every_message_is_used() -> None:
    written = {literal.value for tree in modules().values() for literal in literals(tree)}
    made = {start + name for start, names in FAMILIES.items() for name in names}

    assert MESSAGES.keys() - written - made == set()


VIETNAMESE = re.compile("[ăâđêôơưàáãèéìíòóõùúýĩũ\u1ea0-\u1ef9]", re.IGNORECASE)
RULES_OF_THE_LANGUAGE = {"conference/masking.py", "conference/vietnamese.py"}
"""How numbers are introduced, and how letters fold: rules about the language, read by nobody."""


def test_no_vietnamese_is_written_in_the_code() -> None:
    found = {
        path: {literal.value for literal in literals(tree) if VIETNAMESE.search(literal.value)}
        for path, tree in modules().items()
    }

    assert {path for path, words in found.items() if words} == RULES_OF_THE_LANGUAGE


def test_no_vietnamese_is_an_identifier() -> None:
    names = {
        getattr(node, name)
        for tree in modules().values()
        for node in ast.walk(tree)
        for name in ("id", "attr", "name", "arg")
        if isinstance(getattr(node, name, None), str)
    }

    assert len(names) > 1000
    assert {name for name in names if not name.isascii()} == set()


def test_no_words_are_written_in_the_scripts_of_the_page() -> None:
    page = ROOT / "bot" / "sandbox" / "page"
    scripts = {path.name: path.read_text(encoding="utf-8") for path in page.glob("*.js")}

    assert scripts
    assert {name for name, script in scripts.items() if VIETNAMESE.search(script)} == set()


ORDINARY = {"other", "ví dụ"}
"""A code that is a word of the code as well; a made-up place whose name means "example"."""


def _local_names(plan: ConferencePlan) -> set[str]:
    named = [
        plan.conference.title,
        plan.conference.short_title,
        plan.conference.venue,
        plan.organiser.name,
        plan.organiser.parent,
        plan.organiser.place,
        *(unit.name for unit in plan.units),
        *(unit.short_name for unit in plan.units),
        *(topic.label for topic in plan.topics),
        *(department.name for department in plan.departments),
    ]
    return {name.casefold() for name in named} - ORDINARY


def _local_codes(plan: ConferencePlan) -> set[str]:
    entries = [*plan.units, *plan.topics, *plan.departments]
    return {entry.code for entry in entries} - ORDINARY


@pytest.mark.parametrize("file", sorted(DEFAULT_PLAN.parent.glob("*.toml")), ids=lambda p: p.stem)
def test_nothing_of_a_plan_is_written_in_the_code(file: Path) -> None:
    plan = load_plan(file)
    code = re.compile("|".join(rf"(?<![\w-]){one}(?![\w-])" for one in _local_codes(plan)))
    written = {
        path: "\n".join(literal.value for literal in literals(tree))
        for path, tree in modules().items()
    } | {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".js", ".html", ".json", ".ftl"}
    }
    names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in _local_names(plan)))
    found = {
        (place, one)
        for place, text in written.items()
        for one in (*code.findall(text), *names.findall(text.casefold()))
    }

    assert len(written) > 100
    assert found == set()
