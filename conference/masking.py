"""Personal data that people write into a question, found and masked.

A member is shown what was found before sending; everybody but the author reads the masked text
(Personal Data Protection Law 91/2025, arts. 9 and 14; Decree 56/2017, art. 33, for children).
Left alone: hotlines, amounts of money, dates, times, plan numbers, tracking codes.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

Kind = Literal["phone", "identity", "email"]


class Found(NamedTuple):
    """One piece of personal data; `start` and `end` count code points, `end` is exclusive."""

    kind: Kind
    start: int
    end: int


# No word, so that it reads in any language; no digit, so that it is not found again.
_MARKS: dict[Kind, str] = {"phone": "☎●●●●●●", "identity": "№●●●●●●", "email": "✉●●●●●●"}
_HIDDEN = "●"


class _Plain(dict[int, str]):
    """Each character as the one ASCII character it stands for, so that positions stay."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        like = unicodedata.normalize("NFKC", char)
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            self[code] = str(digit)
        elif char.isspace() or unicodedata.category(char) in {"Cf", "Cc", "Me"}:
            self[code] = " "
        elif unicodedata.category(char) == "Pd" or char in "−·•":
            self[code] = "-"
        else:
            self[code] = like if len(like) == 1 and like.isascii() else char
        return self[code]


_PLAIN = _Plain({ord("\n"): "\n", 0xFE0F: " "})
_LETTER_FOR_ZERO = re.compile(r"(?<!\w)[oO](?=[ .]?[35789]\d)|(?<=\d)[oO](?=\d)")

_DOT = r"(?:\.|[ ]?[(\[]?\b(?:dot|chấm|cham)\b[)\]]?[ ]?)"
_AT = r"[ ]{0,2}(?:@|[(\[][ ]?(?:at|a[ ]còng|a[ ]cong)[ ]?[)\]]|\b(?:a[ ]còng|a[ ]cong)\b)[ ]{0,2}"
_AT_SIGN = re.compile(r"@|[(\[] ?at|\ba c[òo]ng\b", re.IGNORECASE)
_EMAIL = re.compile(
    rf"""(?<![\w.+%-])(?:
        [\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{{2,}}
      | [a-z0-9._%+-]+{_AT}(?:
            (?:gmail|yahoo|hotmail|outlook|icloud)(?:[ ]?{_DOT}[ ]?com)?(?:\.vn)?\b
          | [a-z0-9-]+(?:{_DOT}[a-z0-9-]+)*?{_DOT}[a-z]{{2,}}\b
        )
    )""",
    re.VERBOSE | re.IGNORECASE,
)

_GAP = r"[ .,\-()]{0,3}"
# After these words a number is an identity number, whatever its grouping.
_NAMED_IDENTITY = re.compile(
    rf"""(?<![^\W\d_])
    (?:cmnd|cmt|cccd|căn[ ]cước|can[ ]cuoc|chứng[ ]minh|chung[ ]minh|(?:định|dinh)[ ]danh)
    [^\w\n{_HIDDEN}]*
    (?:(?:nhân|nhan|dân|dan|thư|thu|công|cong|số|so|là|la|của|cua|em|e|mình|minh|tôi|toi)
        [^\w\n{_HIDDEN}]+)*
    (?P<number>\d(?:{_GAP}\d){{11}}|\d(?:{_GAP}\d){{8}})(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)
_NOT_PERSONAL = re.compile(
    r"""
        \b[A-Z]{1,8}[1-9]\d-\d{4,6}(?!\d|[.\-]\d)                           # a tracking code
      | (?<!\d)\d{1,2}(?P<day>[./\-])\d{1,2}(?P=day)(?:19|20)\d\d(?!\d|[.\-]\d)     # 19.5.2022
      | (?<!\d)(?:19|20)\d\d(?P<year>[./\-])\d{1,2}(?P=year)\d{1,2}(?!\d|[.\-]\d)   # 2022-05-19
      | (?<!\d)(?<!\d[ .,])[1-9](?:\d{0,2}(?:(?P<by>[ .,])\d{3})(?:(?P=by)\d{3})*|\d*)
        (?=[ ]?(?:đồng|đ|dong|d|vnđ|vnd|usd|\$|€|%|m2)(?![\w/]|[ ](?:chí|chi|nghiệp)\b))  # 80 đ
      | (?<!\d)(?<!\d[ .,])(?!84[., ][35789])[1-9]\d{0,2}
        (?:(?:\.\d{3})+|(?:,\d{3})+|(?:[ ]\d{3})*[ ]000)(?!\d|[.,][ ]?\d|[ ]\d{3}(?!\d))
                                                                            # 100.000.000
      | (?<!\d)[1-9]\d*00000(?!\d)                                          # 150000000
    """,
    re.VERBOSE | re.IGNORECASE,
)
_RUN = re.compile(rf"\+?[ (]{{0,2}}\d(?:{_GAP}\d)*")
_GROUP = re.compile(r"[0-9]+")
_DIGIT = re.compile(r"[0-9]")

_MOBILE = frozenset("35789")
_LONG = 3  # digits of a group that no list of small numbers has
_IDENTITY_LENGTHS = (12, 9)
_CENTURIES = frozenset({"19", "20"})
_MAX_DIGITS = 15  # ITU-T E.164
_SPACED_IDENTITIES = {(3, 3, 3), (3, 3, 3, 3), (4, 4, 4), (3, 3, 6), (6, 6), (3, 9)}


def find_personal(text: str) -> list[Found]:
    """All phone numbers, identity numbers and e-mail addresses in `text`, in order, apart."""
    plain = text.translate(_PLAIN)
    found = []
    if _AT_SIGN.search(plain):
        found = [Found("email", *match.span()) for match in _EMAIL.finditer(plain)]
        plain = _EMAIL.sub(_hidden, plain)
    plain = _LETTER_FOR_ZERO.sub("0", plain)
    if len(_DIGIT.findall(plain)) >= min(_IDENTITY_LENGTHS):
        for match in _NAMED_IDENTITY.finditer(plain):
            start, end = match.span("number")
            found.append(Found("identity", start, end))
            plain = plain[:start] + _HIDDEN * (end - start) + plain[end:]
        plain = _NOT_PERSONAL.sub(_hidden, plain)
        for run in _RUN.finditer(plain):
            found.extend(_find_numbers(plain, run))
    return sorted(found, key=lambda one: one.start)


def mask(text: str) -> str:
    """`text` with a mark of its kind in place of each piece of personal data.

    Nothing of the number or address is left, and masking twice changes nothing.
    """
    parts, end = [], 0
    for found in find_personal(text):
        parts += [text[end : found.start], _MARKS[found.kind]]
        end = found.end
    return "".join([*parts, text[end:]])


def _hidden(match: re.Match[str]) -> str:
    return _HIDDEN * len(match[0])


def _find_numbers(plain: str, run: re.Match[str]) -> Iterator[Found]:
    """Personal numbers in one run of digits; each begins and ends with a group of the run."""
    spans = [group.span() for group in _GROUP.finditer(plain, *run.span())]
    groups = [plain[start:end] for start, end in spans]
    gaps = [plain[end:start] for (_, end), (start, _) in pairwise(spans)]
    abroad = run[0].startswith("+")
    first, apart = 0, True  # apart: nothing but a number found stands before it in the run
    while first < len(groups):
        window = slice(first, first + _MAX_DIGITS)
        number = _number_at(groups[window], gaps[window], abroad=abroad, apart=apart)
        apart = number is not None
        if number is None:
            first += 1
        else:
            kind, count = number
            start, end = run.start() if abroad else spans[first][0], spans[first + count - 1][1]
            opened = start > 0 and plain[start - 1] == "(" and ")" in plain[start:end]
            yield Found(kind, start - opened, end)
            first += count
        abroad = False


def _number_at(
    groups: list[str], gaps: list[str], *, abroad: bool, apart: bool
) -> tuple[Kind, int] | None:
    """The kind of the number that the first groups form, and how many groups those are."""
    ends = {total: count for count, total in enumerate(accumulate(map(len, groups)), 1)}
    for length in _phone_lengths("".join(groups), abroad=abroad):
        count = ends.get(length)
        if count and (abroad or _is_phone(groups[:count], gaps[: count - 1])):
            return "phone", count
    for length in _IDENTITY_LENGTHS:
        count = ends.get(length)
        if count == 1 or (count and apart and _is_identity(groups[:count], gaps[: count - 1])):
            return "identity", count
    return None


def _phone_lengths(digits: str, *, abroad: bool) -> Iterable[int]:
    """How many digits a phone number that begins so may have, likeliest first."""
    exit_code = 2 if digits.startswith("00") else 0
    if (abroad or exit_code) and digits.startswith("84", exit_code):
        national = exit_code + 2 + digits.startswith("0", exit_code + 2)
        mobile = digits[national : national + 1] in _MOBILE
        return [national + 9] if mobile else [national + 10, national + 9]
    if abroad:
        return range(_MAX_DIGITS, 8, -1)
    if digits.startswith("84") and digits[2:3] in _MOBILE:
        return [11]
    if digits.startswith("0"):
        return [10, 11] if digits[1:2] in _MOBILE else [11, 10] if digits[1:2] != "0" else []
    return []


def _is_phone(groups: list[str], gaps: list[str]) -> bool:
    """Whether the grouping is one of phone numbers, not of a list such as "03 - 05 - 07"."""
    if len(groups) == 1:
        return True
    if groups[0] == "0" and len(groups[1]) < _LONG and any(len(group) > 1 for group in groups):
        return False
    listed = any("," in gap or (len(gap) > 1 and gap.strip() and ")" not in gap) for gap in gaps)
    return not listed or all(len(group) >= _LONG for group in groups)


def _is_identity(groups: list[str], gaps: list[str]) -> bool:
    """Whether the grouping is one of identity numbers, not of years, hotlines or round numbers."""
    return (
        tuple(map(len, groups)) in _SPACED_IDENTITIES
        and not any("," in gap for gap in gaps)
        and not all(group[:2] in _CENTURIES for group in groups)
        and not all(group.endswith("0") for group in groups)
    )
