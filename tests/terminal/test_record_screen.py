"""The record screen: what is written by keys is what is judged, shown, confirmed and recorded, once or not at all."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from ledger import demo as story
from ledger.book import Book
from ledger.decider import Asked, decide
from ledger.evolve import evolve
from ledger.refusals import Refusals
from ledger.store import MemoryStore, Stored, StreamUnavailable
from ledger.writer import Writer
from schemas import codec, subjects
from schemas.commands import BY_TYPE, Command, parse
from schemas.receipts import Accepted, Reason, ReasonClass, Receipt
from tests.terminal.conftest import NOW, SIGNS, equals_golden, head_of, screen_text, session_of, settled
from tui.app import LedgerApp
from tui.model.drafts import drafts_in, new_draft
from tui.model.kinds import Begin
from tui.recorder import Recorder, WriterRecorder
from tui.screens.choose import ChooseScreen
from tui.screens.record import RecordScreen

DISSENT = 258
"""Claims Copilot, AI-0007, is approved; what is in sight when a decision is recorded."""

FUNDING = ("n", "1", "down", "down", "down", *"50,000", "down", "o", "p", "tab")
"""From the replay: approve more funding for the initiative in sight."""

FUND, AMEND = BY_TYPE["ApproveFunding.v1"], BY_TYPE["AmendInitiative.v1"]

Press = Callable[..., Awaitable[None]]


OFF = [{"rule": each.name, "action": "off"} for each in Reason if each.of_class is ReasonClass.GOVERNANCE]
GUARDRAILS = {"version": 2, "supersedes": 1, "body": {"kind": "guardrails", "rules": OFF}}


def writable(told: MemoryStore) -> MemoryStore:
    """Return a store with the demo's entries that takes more of them, from whoever sends them.

    Behind the story stand guardrails that turn the rules of governance off, so that a form is about recording and not
    about who may.
    """
    store = MemoryStore(told.name)
    store.entries = [*told.entries, lenient(tuple(entry.payload for entry in told.entries))]
    return store


@functools.lru_cache(maxsize=1)
def lenient(payloads: tuple[bytes, ...]) -> Stored:
    """Return an entry behind these that sets such guardrails, as the rules would record it that knew no authority."""
    book = Book(story.PORTFOLIO)
    for sequence, payload in enumerate(payloads, start=1):
        evolve(book, codec.decode(payload, portfolio=story.PORTFOLIO, sequence=sequence), payload)
    said = {"type": "AdoptPolicy.v1", "portfolio": story.ORIGIN, "commandid": "lenient", "actor": "olga"}
    line = json.dumps(said | {"subject": "policy/guardrails", "time": "2026-11-20", "data": GUARDRAILS}).encode()
    command = parse(line)
    assert isinstance(command, Command)
    found = decide(Asked(command, line), book, now=NOW, rules="0")
    assert isinstance(found, tuple)
    return Stored(
        found[0].at, subjects.event(story.PORTFOLIO, found[0].subject, found[0].data.TYPE), codec.encode(found[0])
    )


class Ledger:
    """A store to record in, its refusals, and a recorder over a real writer. sent: every line that was handed over."""

    def __init__(self, told: MemoryStore) -> None:
        self.store, self.refusals = writable(told), MemoryStore("refusals")
        self.before = len(self.store.entries)
        self.sent: list[bytes] = []
        self._recorder = WriterRecorder(self._made)

    async def _made(self) -> Writer:
        return Writer(story.PORTFOLIO, self.store, lambda: NOW, Refusals(story.PORTFOLIO, self.refusals))

    async def record(self, line: bytes, judged_at: int) -> Receipt:
        self.sent.append(line)
        return await self._recorder.record(line, judged_at)

    async def others(self, *commands: tuple[str, str, dict[str, object]]) -> None:
        """Record what others send."""
        writer = await self._made()
        for place, (kind, subject, data) in enumerate(commands):
            said = {"type": f"{kind}.v1", "portfolio": story.ORIGIN, "commandid": f"other-{place}", "actor": "eva"}
            line = json.dumps({**said, "subject": subject, "time": "2026-11-20", "data": data}).encode()
            assert isinstance(await writer.submit(line), Accepted)

    @property
    def new(self) -> list[bytes]:
        """What was recorded since."""
        return [entry.payload for entry in self.store.entries[self.before :]]


@pytest.fixture
def ledger(told_demo: MemoryStore) -> Ledger:
    return Ledger(told_demo)


@asynccontextmanager
async def writing(
    store: MemoryStore, directory: Path, recorder: Recorder | None = None, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[LedgerApp, Pilot[int], Press]]:
    """Run the application over a store, with the dissent of the story in sight."""
    session = session_of(store, directory, shared=False)  # it will grow
    app = LedgerApp(session, SIGNS, head=head_of(session, DISSENT), recorder=recorder)
    async with app.run_test(size=size) as pilot:

        async def press(*keys: str) -> None:
            await pilot.press(*keys)
            await settled(app, pilot)

        await settled(app, pilot)
        yield app, pilot, press


def said(app: LedgerApp) -> str:
    """Return what stands on the screen, and what was told in passing."""
    return screen_text(app) + "\n".join(note.message for note in app._notifications)


def form_of(app: LedgerApp) -> RecordScreen:
    assert isinstance(app.screen, RecordScreen), app.screen
    return app.screen


# Recording.


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_funding_written_by_keys_as_it_stands_on_the_screen(ledger, tmp_path, size) -> None:
    async with writing(ledger.store, tmp_path, ledger, size) as (app, _, press):
        await press(*FUNDING)
        equals_golden(f"record-{size[0]}x{size[1]}", screen_text(app))


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_what_can_be_recorded_as_it_stands_on_the_screen(ledger, tmp_path, size) -> None:
    async with writing(ledger.store, tmp_path, ledger, size) as (app, _, press):
        await press("n")
        equals_golden(f"record-choose-{size[0]}x{size[1]}", screen_text(app))


async def test_where_nothing_is_found_the_cursor_stands_nowhere_and_moves_nowhere(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", *"zzz", "up", "down", "enter")
        assert isinstance(app.screen, ChooseScreen)
        await press("escape")
        assert not isinstance(app.screen, ChooseScreen)


async def test_a_funding_written_and_confirmed_by_keys_alone_is_recorded_as_exactly_the_event_shown(
    ledger, tmp_path
) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING)
        shown = form_of(app).found.verdict
        await press("ctrl+s")
        asked = screen_text(app)
        assert "Record this as pmo?" in asked
        assert hashlib.sha256(shown.line).hexdigest() in asked
        assert ledger.new == []
        await press("enter")
        assert ledger.new == list(shown.payloads)
        event = codec.decode(ledger.new[0], portfolio=story.PORTFOLIO, sequence=ledger.before + 1)
        assert event.command.encode() == shown.line == ledger.sent[0]
        assert json.loads(shown.line)["seen"] == ledger.before
        assert (event.data.initiative, event.data.amount.minor, event.data.kind) == ("AI-0007", 5_000_000, "tranche")
        assert app.head.sequence == ledger.before + 1
        assert "recorded" in [note.title for note in app._notifications]
    assert drafts_in(tmp_path).all() == ([], [])


async def test_nothing_is_sent_where_it_is_not_confirmed(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING, "ctrl+s", "escape")
        assert form_of(app).found.passes
        await press("ctrl+s", "x", "down", "escape")
    assert (ledger.sent, ledger.new) == ([], [])


async def test_what_would_be_refused_says_why_and_is_not_sent(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING, "home", "up", "up", "up", "up", *"nowhere", "ctrl+s")
        text = screen_text(app)
        assert "WOULD BE REFUSED  UNKNOWN_ENVELOPE" in text
        assert "! no such envelope has been funded" in text
        assert "No effect" in text
        assert "nothing was sent" in said(app)
    assert (ledger.sent, ledger.new, ledger.refusals.entries) == ([], [], [])


async def test_what_is_not_complete_says_what_it_needs_and_is_not_sent(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", "1", "ctrl+s")
        assert "NOT COMPLETE" in screen_text(app)
        assert "it needs amount, capex or opex; nothing was sent" in said(app)
    assert ledger.sent == []


async def test_a_money_rule_that_is_only_flagged_is_told_before_it_is_confirmed(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", "1", "down", "down", "down", *"9,000,000", "down", "o", "p", "tab")
        assert "flag      OVER_ENVELOPE: more is approved" in screen_text(app)
        await press("ctrl+s")
        assert "! flagged OVER_ENVELOPE" in screen_text(app)
        await press("enter")
    assert json.loads(ledger.new[0])["flags"] == "OVER_ENVELOPE"


async def test_the_exact_event_is_shown_on_demand(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING, "ctrl+j")
        text = screen_text(app)
        assert f"Sequence {ledger.before + 1:,}," in text
        assert '"type": "FundingApproved.v1",' in text
        await press("escape")
        assert form_of(app).found.passes


# When the book moves, or no answer comes.


def risk() -> tuple[str, str, dict[str, object]]:
    data = {"risk": "R-9", "initiative": "AI-0007", "category": "model", "owner": "eva", "probability_bp": 1_000}
    return ("AssessRisk", "risk/R-9", {**data, "impact_level": 2})


def funded(minor: int, name: str = "claims-2026") -> tuple[str, str, dict[str, object]]:
    where = {"envelope": name, "value_stream": "claims", "fiscal_period": "FY2026", "capex_opex": "opex"}
    amount = {"minor": minor, "currency": "USD"}
    return ("FundEnvelope", f"envelope/{name}", {**where, "kind": "supplement", "amount": amount})


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_book_that_moved_comes_back_with_what_arrived_and_nothing_is_recorded(ledger, tmp_path, size) -> None:
    async with writing(ledger.store, tmp_path, ledger, size) as (app, _, press):
        await press(*FUNDING, "ctrl+s")
        await ledger.others(risk(), funded(100, "uw-2026"), funded(200, "service-2026"))
        await press("enter")
        assert "3 decisions arrived meanwhile, 1 touches AI-0007" in screen_text(app)
        equals_golden(f"record-conflict-{size[0]}x{size[1]}", screen_text(app))
        assert len(ledger.new) == 3
        assert f"at sequence {ledger.before + 4:,}" in screen_text(app)
        await press("ctrl+s", "enter")
    assert len(ledger.new) == 4
    assert json.loads(ledger.new[3])["type"] == "FundingApproved.v1"
    assert json.loads(json.loads(ledger.new[3])["command"])["seen"] == ledger.before + 3
    assert len({json.loads(line)["commandid"] for line in ledger.sent}) == 1


async def test_what_arrives_while_it_is_written_is_judged_with_it(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, pilot, press):
        await press("n", "1", "down", "down", "down", *"1,300,000", "down", "o", "p", "tab")
        assert "OVER_ENVELOPE" in screen_text(app)
        await ledger.others(funded(50_000_000))
        await app.refresh_session()
        await settled(app, pilot)
        assert "OVER_ENVELOPE" not in screen_text(app)
        assert f"at sequence {ledger.before + 2:,}" in screen_text(app)


class Unheard:
    """A recorder whose first answers are lost, whether what was sent has landed or not."""

    def __init__(self, ledger: Ledger, landed: Sequence[bool]) -> None:
        self.ledger, self.landed = ledger, list(landed)

    async def record(self, line: bytes, judged_at: int) -> Receipt:
        if not self.landed:
            return await self.ledger.record(line, judged_at)
        if self.landed.pop(0):
            await self.ledger.record(line, judged_at)
        else:
            self.ledger.sent.append(line)
        raise StreamUnavailable("the stream did not answer; look whether the server runs")


async def test_an_answer_that_is_lost_is_asked_for_again_with_the_same_bytes_and_recorded_once(
    ledger, tmp_path
) -> None:
    async with writing(ledger.store, tmp_path, Unheard(ledger, [False, False])) as (app, _, press):
        await press(*FUNDING, "ctrl+s", "enter")
        assert "NO ANSWER  the stream did not answer" in screen_text(app)
        assert "SENT, NO ANSWER YET" in screen_text(app)
        await ledger.others(funded(100))
        await press("ctrl+s", "enter", "ctrl+s", "enter")
    assert len(ledger.new) == 2
    assert len(ledger.sent) == 3
    assert len(set(ledger.sent)) == 1


async def test_what_was_recorded_without_an_answer_is_found_when_its_draft_is_opened_again(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, Unheard(ledger, [True])) as (app, _, press):
        await press(*FUNDING, "ctrl+s", "enter")
    (kept,), _ = drafts_in(tmp_path).all()
    assert kept.seen == ledger.before
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n")
        assert "SENT, NO ANSWER YET" in screen_text(app)
        await press("enter")
        assert f"RECORDED ALREADY  at sequence {ledger.before + 1:,}" in screen_text(app)
        await press("ctrl+s")
        assert app.head.sequence == ledger.before + 1
    assert drafts_in(tmp_path).all() == ([], [])
    assert (len(ledger.new), len(ledger.sent)) == (1, 1)


async def test_what_was_recorded_and_is_changed_afterwards_becomes_a_decision_of_its_own_only_when_asked(
    ledger, tmp_path
) -> None:
    async with writing(ledger.store, tmp_path, Unheard(ledger, [True])) as (app, _, press):
        await press(*FUNDING, "ctrl+s", "enter", "up", "up", *"60,000", "ctrl+s")
        assert "It is recorded already" in screen_text(app)
        await press("escape")
        assert "COMMAND_ID_REUSED" in screen_text(app)
        await press("ctrl+s", "enter", "ctrl+s", "enter")
    amounts = [json.loads(payload)["data"]["amount"]["minor"] for payload in ledger.new]
    assert amounts == [5_000_000, 6_000_000]


async def test_the_draft_is_kept_with_what_is_sent_before_it_is_sent(ledger, tmp_path) -> None:
    class Looking:
        async def record(self, line: bytes, judged_at: int) -> Receipt:
            ((kept,), _) = drafts_in(tmp_path).all()
            assert (kept.seen, kept.commandid) == (ledger.before, json.loads(line)["commandid"])
            return await ledger.record(line, judged_at)

    async with writing(ledger.store, tmp_path, Looking()) as (_, __, press):
        await press(*FUNDING, "ctrl+s", "enter")
    assert len(ledger.new) == 1


async def test_where_the_draft_cannot_be_kept_nothing_is_sent(ledger, tmp_path, monkeypatch) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING, "ctrl+s")
        (tmp_path / "drafts").rename(tmp_path / "elsewhere")
        (tmp_path / "drafts").write_text("no directory")
        await press("enter")
        assert "the draft cannot be kept" in said(app)
        assert "nothing was sent" in said(app)
    assert ledger.sent == []


# Where nothing may be recorded.


async def test_read_only_keeps_a_draft_and_sends_nothing(demo_store, tmp_path) -> None:
    async with writing(demo_store, tmp_path) as (app, _, press):
        await press(*FUNDING, "ctrl+s")
        assert "THIS IS READ ONLY: only drafts are kept" in screen_text(app)
        assert "it is kept as a draft, and nothing was sent" in said(app)
    assert [draft.written["data.amount"] for draft in drafts_in(tmp_path).all()[0]] == ["50,000"]


async def test_offline_there_are_drafts_only_and_what_was_known_is_still_judged(ledger, tmp_path, monkeypatch) -> None:
    async def away() -> int:
        raise StreamUnavailable("the stream is away; start the server")

    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING)
        monkeypatch.setattr(ledger.store, "last_sequence", away)
        await app.refresh_session()
        await press("ctrl+s")
        assert "OFFLINE SINCE 18:00: only drafts are kept" in screen_text(app)
        assert "WOULD BE ACCEPTED" in screen_text(app)
    assert ledger.sent == []
    assert len(drafts_in(tmp_path).all()[0]) == 1


async def test_a_book_that_cannot_be_read_is_told_and_the_form_still_keeps_what_is_written(
    ledger, tmp_path, monkeypatch
) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):

        async def away(**_: int) -> AsyncIterator[object]:
            raise StreamUnavailable("the stream is away; start the server")
            yield

        monkeypatch.setattr(ledger.store, "read", away)
        app.record(Begin(FUND))
        await press(*"AI-0007", "ctrl+s")
        assert "NOT JUDGED  the stream is away; start the server" in screen_text(app)
    assert [draft.written["data.initiative"] for draft in drafts_in(tmp_path).all()[0]] == ["AI-0007"]


async def test_replay_has_nothing_to_record_with(demo_store, tmp_path) -> None:
    class Never:
        async def record(self, line: bytes, judged_at: int) -> Receipt:
            raise AssertionError(f"a screen that is no form recorded {line!r} at {judged_at}")

    async with writing(demo_store, tmp_path, Never()) as (_, __, press):
        for key in ("space", "right", "ctrl+s", "enter", "m", "x", "c", "d", "l", "ctrl+d", "n", "escape", "ctrl+s"):
            await press(key)
    assert not (tmp_path / "drafts").exists()


# Drafts.


async def test_a_draft_survives_a_new_application_and_is_recorded_under_its_own_id(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING)
    (kept,), _ = drafts_in(tmp_path).all()
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", "enter")
        assert "50,000" in screen_text(app)
        await press("ctrl+s", "enter")
    assert json.loads(ledger.new[0])["commandid"] == kept.commandid
    assert drafts_in(tmp_path).all() == ([], [])


async def test_leaving_what_nothing_was_written_in_asks_nothing_and_keeps_nothing(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", "1", "escape")
        assert not isinstance(app.screen, RecordScreen)
    assert drafts_in(tmp_path).all() == ([], [])


@pytest.mark.parametrize(("answer", "left"), [("enter", ["50,000"]), ("delete", [])])
async def test_leaving_asks_whether_what_was_written_is_kept(ledger, tmp_path, answer, left) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING, "escape")
        assert "Leave without recording it?" in screen_text(app)
        await press("escape")
        assert form_of(app).writing.texts["data.amount"] == "50,000"
        await press("escape", answer)
        assert not isinstance(app.screen, RecordScreen)
    assert [draft.written["data.amount"] for draft in drafts_in(tmp_path).all()[0]] == left


async def test_throwing_away_what_was_changed_leaves_the_draft_as_it_was(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press(*FUNDING, "ctrl+d", "escape")
        assert not isinstance(app.screen, RecordScreen)
        await press("n", "enter", "down", "down", "down", *"70,000", "escape", "delete")
    assert [draft.written["data.amount"] for draft in drafts_in(tmp_path).all()[0]] == ["50,000"]


async def test_what_is_written_is_kept_when_the_application_is_quit(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (_, pilot, press):
        await press("n", "1", "down", "down", "down")
        await pilot.press(*"123", "ctrl+q")
        await pilot.pause()
    assert [draft.written["data.amount"] for draft in drafts_in(tmp_path).all()[0]] == ["123"]


async def test_a_draft_is_thrown_away_from_the_list_once_that_is_confirmed(ledger, tmp_path) -> None:
    shelf = drafts_in(tmp_path)
    shelf.put(new_draft("FundEnvelope.v1", {"data.envelope": "claims"}, "pmo", at=NOW))
    (tmp_path / "drafts" / "d-broken.json").write_text("{")
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n")
        assert "cannot be read: d-broken.json" in screen_text(app)
        await press("delete", "escape")
        assert len(shelf.all()[0]) == 1
        await press("delete", "enter")
        assert isinstance(app.screen, ChooseScreen)
    assert shelf.all()[0] == []


# Writing.


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_every_kind_of_decision_opens_its_form(ledger, tmp_path, size) -> None:
    async with writing(ledger.store, tmp_path, ledger, size) as (app, _, press):
        for name, command in BY_TYPE.items():
            app.record(Begin(command, "AI-0007"))
            await press("down", "end")
            form = form_of(app)
            assert form.found is not None, name
            assert form.writing.form.name == name
            assert form.writing.form.title in screen_text(app)
            assert "field 2 of" in screen_text(app)
            await press("escape")
            assert not isinstance(app.screen, RecordScreen), name


async def test_keys_that_come_faster_than_they_are_drawn_all_arrive_where_they_belong(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, pilot, press):
        await press("n", "1", "down", "down", "down")
        form = form_of(app)
        for digit in "1234567890":
            form.judge(0)
            await pilot.press(digit)
        await pilot.press(
            "down", *"opex", "down", "down", *"Year one", "down", "delete", *"FY2027", "down", "down", "down"
        )
        await pilot.press(*"All of it.", "ctrl+d")
        await settled(app, pilot)
        texts = form.writing.texts
        assert texts["data.amount"] == "1234567890"
        assert texts["data.capex_opex"] == "opex"
        assert (texts["data.tranche"], texts["data.period"]) == ("Year one", "FY2027")
        assert texts["data.reason"] == "All of it."
    ((kept,), _) = drafts_in(tmp_path).all()
    assert kept.written == texts


async def test_what_is_offered_is_taken_with_tab_and_pointed_at_with_shift(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        app.record(Begin(FUND))
        await press(*"AI-003")
        assert "AI-0030" in screen_text(app)
        await press("shift+down", "shift+down", "tab", *"serv", "tab", "shift+down", "tab")
        texts = form_of(app).writing.texts
        assert texts["data.initiative"] == "AI-0031"
        assert texts["data.envelope"].startswith("service-")
        assert texts["data.kind"] == "initial"
        await press("tab", "tab")
        assert form_of(app).writing.here.path == "time"


async def test_lists_get_items_and_lose_them(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        app.record(Begin(FUND))
        await press()
        form = form_of(app)
        form.writing.go("data.conditions")
        form.draw_form(fill=True)
        await press("enter", *"C-1", "up", "up", "plus", *"C-2")
        assert [form.writing.texts[f"data.conditions.{place}.condition"] for place in (0, 1)] == ["C-1", "C-2"]
        assert "conditions 2" in screen_text(app)
        await press("up", "minus")
        assert form.writing.texts["data.conditions"] == "1"
        assert form.writing.here.path == "data.conditions.0"


async def test_an_item_of_one_value_is_taken_out_by_deleting_what_is_empty(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        app.record(Begin(BY_TYPE["RequestDecision.v1"]))
        await press()
        form = form_of(app)
        form.writing.go("data.subjects")
        form.draw_form(fill=True)
        await press("enter", *"AI-0007", "tab")
        assert form.writing.texts["data.subjects.0"] == "initiative/AI-0007"
        form.writing.go("data.subjects.0")
        form.draw_form(fill=True)
        await press("delete", "backspace")
        assert form.writing.texts["data.subjects"] == "0"


async def test_a_form_is_opened_by_searching_for_it_and_for_what_it_is_about(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", *"ai-0012 gate", "enter")
        form = form_of(app)
        assert form.writing.form.name == "DecideGate.v1"
        assert form.writing.texts["data.initiative"] == "AI-0012"


async def test_the_keys_of_the_form_are_told(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", "1", "f1")
        text = screen_text(app)
        assert "ctrl+s" in text
        assert "record it, once you have read and confirmed it" in text
        await press("escape")
        assert isinstance(app.screen, RecordScreen)


async def test_a_long_text_is_written_on_several_lines(ledger, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EDITOR", "true")  # a test has no terminal to give away
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        await press("n", "1")
        form = form_of(app)
        form.writing.go("data.reason")
        form.draw_form(fill=True)
        await press("ctrl+e", *"One.", "enter", *"Two.", "ctrl+s")
        assert form.writing.texts["data.reason"] == "One.\nTwo."
        assert "One." in screen_text(app)
        assert "Two." in screen_text(app)
        await press("x", "delete", *"Three.")
        assert form.writing.texts["data.reason"] == "Three."


async def test_what_is_pasted_keeps_its_lines_where_there_may_be_several_and_loses_what_is_hidden(
    ledger, tmp_path
) -> None:
    async with writing(ledger.store, tmp_path, ledger) as (app, pilot, press):
        await press("n", "1", "down", "down", "down")
        app.post_message(events.Paste("50,\u202e000\n"))
        await settled(app, pilot)
        form = form_of(app)
        assert form.writing.texts["data.amount"] == "50,000"
        assert "1 hidden characters were left out" in said(app)
        form.writing.go("data.reason")
        form.draw_form(fill=True)
        app.post_message(events.Paste("One.\r\nTwo.\x1b[2J\n"))
        await settled(app, pilot)
        assert form.writing.texts["data.reason"] == "One.\nTwo.[2J"


# What others wrote.

EVIL = "Evil \x1b]0;owned\x07 \x1b[2J \u202e title"


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_no_text_of_others_reaches_the_terminal_as_it_is(ledger, tmp_path, size) -> None:
    people = {"sponsor": "tomas", "proposer": "ana", "value_stream": "claims", "hypothesis": EVIL}
    await ledger.others(("ProposeInitiative", "initiative/AI-0066", {"initiative": "AI-0066", "title": EVIL, **people}))
    drafts_in(tmp_path).put(new_draft("AmendInitiative.v1", {"data.initiative": EVIL}, "pmo", at=NOW, note=EVIL))
    seen: list[str] = []
    async with writing(ledger.store, tmp_path, ledger, size) as (app, _, press):

        async def look(*keys: str) -> None:
            await press(*keys)
            seen.append(said(app))

        await look("n")
        await look(*"ai-0066 amend")
        await look("enter")
        form = form_of(app)
        assert form.writing.texts["data.title"] == EVIL
        for _ in form.writing.parts:
            await look("down")
        await look("ctrl+j")
        await look("escape")
        await look("ctrl+s")
        await look("escape", "escape", "delete")
        app.record(Begin(FUND))
        await look(*"AI-0066")
        await look("escape", "enter", "n")
        await look("enter")
    text = "\n".join(seen)
    assert "AI-0066" in text
    assert "<U+001B>" in text
    assert not [character for character in text if character in "\x1b\x07\u202e"]


async def test_a_text_with_hidden_characters_is_shown_with_them_and_sent_as_it_is(ledger, tmp_path) -> None:
    people = {"sponsor": "tomas", "proposer": "ana", "value_stream": "claims", "hypothesis": "It pays."}
    await ledger.others(("ProposeInitiative", "initiative/AI-0066", {"initiative": "AI-0066", "title": EVIL, **people}))
    async with writing(ledger.store, tmp_path, ledger) as (app, _, press):
        app.record(Begin(AMEND, "AI-0066"))
        await press("down", *"It was wrong.")
        form = form_of(app)
        assert "contains hidden characters" in screen_text(app)
        form.writing.go("data.title")
        form.draw_form(fill=True)
        await press("x", "y", "ctrl+r")
        assert form.writing.texts["data.title"] == EVIL
        await press("delete", *"Plain")
        assert form.writing.texts["data.title"] == "Plain"


async def test_a_terminal_that_is_too_small_says_so(ledger, tmp_path) -> None:
    async with writing(ledger.store, tmp_path, ledger, (79, 24)) as (app, _, press):
        await press("n", "1")
        assert "The terminal is 79x24; this screen needs 80x24." in screen_text(app)
