"""Drafts and scenarios: what is written and not sent is kept, whatever happens."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.suppose import Add, LeaveOut, Replace
from schemas.commands import parse
from tests.notation import Said
from tests.words import ORIGIN, approve, fund
from tui.model.drafts import (
    CommandDraft,
    Scenario,
    Supposed,
    draft_of,
    drafts_in,
    laid_out,
    line_of_draft,
    new_draft,
    scenarios_in,
)
from tui.model.shelf import ShelfError

AT = datetime.datetime(2026, 2, 1, 12, tzinfo=datetime.UTC)
LINE = Said(approve("AI-1", "claims", 40)).line("forty")


def draft(name: str = "d-1", **changes: Any) -> CommandDraft:
    made = {
        "id": name,
        "form": "FundEnvelope.v1",
        "commandid": f"c-{name}",
        "actor": "ana",
        "written": {"time": "2026-02-01"},
        "changed_at": AT,
    }
    return CommandDraft(**made | changes)


# Keeping.


def test_a_draft_is_kept_where_the_portfolio_s_files_are_and_comes_back(tmp_path: Path) -> None:
    shelf = drafts_in(tmp_path / "ai")
    assert shelf.all() == ([], [])
    shelf.put(draft("d-2"))
    shelf.put(draft("d-1"))
    assert (tmp_path / "ai" / "drafts" / "d-1.json").is_file()
    assert shelf.all() == ([draft("d-1"), draft("d-2")], [])
    assert drafts_in(tmp_path / "ai").take("d-1") == draft("d-1")
    shelf.put(draft("d-1", note="Ask ben."))
    assert shelf.take("d-1").note == "Ask ben."


def test_a_draft_is_removed_once(tmp_path: Path) -> None:
    shelf = drafts_in(tmp_path)
    shelf.put(draft())
    assert shelf.remove("d-1")
    assert not shelf.remove("d-1")
    with pytest.raises(ShelfError, match="there is no draft d-1; there are none"):
        shelf.take("d-1")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 5_000,
        b'{"id":"d-9"}',
        json.dumps({"id": "d-9", "form": "Nope.v1", "commandid": "c", "actor": "a", "written": {}}).encode(),
    ],
)
def test_a_broken_file_is_told_and_left_and_hides_nothing(tmp_path: Path, content: bytes) -> None:
    shelf = drafts_in(tmp_path)
    shelf.put(draft("d-1"))
    path = tmp_path / "drafts" / "d-9.json"
    path.write_bytes(content)
    kept, broken = shelf.all()
    assert kept == [draft("d-1")]
    assert [each.path for each in broken] == [path]
    assert broken[0].problem
    assert path.read_bytes() == content
    with pytest.raises(ShelfError, match="draft d-9 cannot be read"):
        shelf.take("d-9")


def test_a_file_that_is_another_or_has_no_id_is_told(tmp_path: Path) -> None:
    shelf = drafts_in(tmp_path)
    shelf.put(draft("d-1"))
    folder = tmp_path / "drafts"
    (folder / "d-2.json").write_bytes((folder / "d-1.json").read_bytes())
    (folder / "what is this.json").write_text("{}")
    (folder / "d-3.json").mkdir()
    _, broken = shelf.all()
    told = {each.path.name: each.problem for each in broken}
    assert told["d-2.json"] == "it says that it is d-1"
    assert told["what is this.json"] == "its name is no id, so it holds no draft"
    assert "d-3.json" in told


@pytest.mark.parametrize("name", ["../up", "", "a/b", ".", "x" * 65])
def test_a_name_never_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    shelf = drafts_in(tmp_path)
    for act in (shelf.take, shelf.remove):
        with pytest.raises(ShelfError, match="is no id"):
            act(name)
    with pytest.raises(ShelfError, match="is no id"):
        shelf.put(draft(name))


KILLED = """
import os, sys, datetime
from pathlib import Path
from tests.units.test_drafts import draft
from tui.model.drafts import drafts_in
step, folder = sys.argv[1], Path(sys.argv[2])
real = getattr(os, step)
def dies(*args, **named):
    if os.environ.get("DIE") == "after":
        real(*args, **named)
    os._exit(9)
setattr(os, step, dies)
drafts_in(folder).put(draft("d-1", note="new"))
"""


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_leaves_the_draft_as_it_was_or_as_it_is_to_be(tmp_path: Path, step: str, when: str) -> None:
    shelf = drafts_in(tmp_path)
    shelf.put(draft("d-1", note="old"))
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "DIE": when, "PYTHONPATH": str(root)}
    ended = subprocess.run([sys.executable, "-c", KILLED, step, str(tmp_path)], cwd=root, env=environment)
    assert ended.returncode == 9
    kept, broken = shelf.all()
    assert broken == []
    assert [each.note for each in kept] == (["new"] if (step, when) == ("replace", "after") else ["old"])
    shelf.put(draft("d-1", note="again"))
    assert shelf.take("d-1").note == "again"


# What a draft is.


def test_a_draft_keeps_what_is_written_complete_or_not_under_ids_of_its_own(tmp_path: Path) -> None:
    shelf = drafts_in(tmp_path)
    made = new_draft("ApproveFunding.v1", {"data.amount": "a lot"}, "ana", at=AT)
    other = new_draft("ApproveFunding.v1", {}, "ana", at=AT)
    assert len({made.id, other.id, made.commandid, other.commandid}) == 4
    shelf.put(made)
    assert shelf.take(made.id) == made
    slips = line_of_draft(made, ORIGIN)
    assert isinstance(slips, list)
    assert [slip.path for slip in slips] == ["data.amount"]


def test_a_command_becomes_a_draft_and_the_draft_that_command() -> None:
    made = draft_of(LINE, at=AT)
    assert (made.form, made.commandid, made.actor) == ("ApproveFunding.v1", "forty", "ana")
    line = line_of_draft(made, ORIGIN)
    assert isinstance(line, bytes)
    assert parse(line) == parse(LINE)
    seen = line_of_draft(made, ORIGIN, seen=7)
    assert isinstance(seen, bytes)
    assert json.loads(seen)["seen"] == 7


def test_a_line_that_is_no_command_becomes_no_draft() -> None:
    with pytest.raises(ValueError, match="no command of a type"):
        draft_of(b'{"type":"Nope.v1"}', at=AT)


# Scenarios.


def test_a_scenario_is_its_drafts_and_where_they_are_supposed(tmp_path: Path) -> None:
    forty, funds = draft_of(LINE, at=AT), draft_of(Said(fund("claims", 7, kind="supplement")).line("seven"), at=AT)
    scenario = Scenario(
        id="keep",
        title="Keep it",
        changes=(
            Supposed(leave_out=5),
            Supposed(draft=forty.id, after=3),
            Supposed(draft=funds.id, replaces=2, on=False),
            Supposed(draft=forty.id),
        ),
    )
    shelf = scenarios_in(tmp_path)
    shelf.put(scenario)
    assert shelf.take("keep") == scenario
    drafts = {each.id: each for each in (forty, funds)}
    lines = {name: line_of_draft(each, ORIGIN) for name, each in drafts.items()}
    assert laid_out(scenario, drafts, ORIGIN, last=9) == (
        [
            LeaveOut(5),
            Add(3, lines[forty.id]),  # type: ignore[arg-type]
            Replace(2, lines[funds.id], on=False),  # type: ignore[arg-type]
            Add(9, lines[forty.id]),  # type: ignore[arg-type]
        ],
        {},
    )
    assert scenario.drafts == (forty.id, forty.id)


def test_a_draft_that_cannot_be_read_is_told_and_the_others_are_supposed() -> None:
    good, bad = draft_of(LINE, at=AT), new_draft("ApproveFunding.v1", {"time": "soon"}, "ana", at=AT)
    scenario = Scenario(id="s", changes=(Supposed(draft=bad.id), Supposed(draft=good.id)))
    laid = laid_out(scenario, {each.id: each for each in (good, bad)}, ORIGIN, last=9)
    assert len(laid.changes) == 1
    assert [slip.path for slip in laid.slips[bad.id]] == ["time"]


def test_a_scenario_whose_draft_is_gone_says_which() -> None:
    scenario = Scenario(id="s", changes=(Supposed(draft="d-404"),))
    with pytest.raises(ShelfError, match="scenario s supposes draft d-404, which is not there"):
        laid_out(scenario, {}, ORIGIN, last=9)


@pytest.mark.parametrize(
    "change",
    [{}, {"draft": "d-1", "leave_out": 1}, {"draft": "d-1", "after": 1, "replaces": 2}, {"leave_out": 1, "after": 2}],
)
def test_a_change_is_one_thing(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a change names either|not both"):
        Supposed(**change)
