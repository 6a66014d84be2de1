"""What a run has found, as lines of a Markdown table with what each figure must be."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One figure of one run. Without a `must` it is only told."""

    figure: str
    value: object
    must: str = ""
    is_met: bool = True


def zero(figure: str, value: int) -> Finding:
    """A figure that must be 0."""
    return Finding(figure, value, "0", value == 0)


def unmet(findings: Sequence[Finding]) -> list[Finding]:
    """What is not as it must be."""
    return [one for one in findings if not one.is_met]


def table(title: str, columns: dict[str, Sequence[Finding]]) -> str:
    """The runs beside each other; a figure that is not what it must be is marked."""
    figures: dict[str, str] = {}
    for findings in columns.values():
        for one in findings:
            figures[one.figure] = figures.get(one.figure) or one.must
    found = {name: {one.figure: one for one in column} for name, column in columns.items()}
    lines = [
        f"### {title}",
        "",
        "| figure | must be | " + " | ".join(columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for figure, must in figures.items():
        cells = [_cell(found[name].get(figure)) for name in columns]
        lines.append(f"| {figure} | {must} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(finding: Finding | None) -> str:
    if finding is None:
        return "–"
    return f"{finding.value}" if finding.is_met else f"**{finding.value}** ✗"
