import json
from pathlib import Path

import pytest

from benchmarks.table import Row, at_least, at_most, most_in_a_second, report


@pytest.mark.parametrize(
    ("measured", "verdict"), [(0.5, "yes, and the aim"), (0.3, "yes"), (0.2, "**NO**")]
)
def test_a_figure_below_what_it_must_reach_is_said_and_fails_the_whole(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, measured: float, verdict: str
) -> None:
    other = Row("start", at_most(1.3), at_most(1.15), 1.0, "floor 2 s")
    row = Row("turns", at_least(0.25), at_least(0.4), measured, "floor 600/s")

    holds = report([other, row], tmp_path / "figures.json")

    assert holds is (measured >= 0.25)
    shown = capsys.readouterr().out.splitlines()[-1]
    assert shown == f"| turns | ≥ 0.25 × | ≥ 0.4 × | {measured} × | floor 600/s | {verdict} |"
    kept = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [one["holds"] for one in kept["rows"]] == [True, holds]


def test_figure_of_which_nothing_is_asked_fails_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = Row("turns", None, at_least(0.25), 0.2, "floor 600/s", "PostgreSQL")

    assert report([row], tmp_path / "figures.json")
    shown = capsys.readouterr().out.splitlines()[-1]
    assert shown == "| turns | – | ≥ 0.25 × | 0.2 × | floor 600/s | – |"


def test_the_fullest_second_is_found_wherever_it_begins() -> None:
    assert most_in_a_second([0.0, 0.6, 0.9, 1.5, 1.55, 1.7, 2.4]) == 4
