"""The filter language, asked of the demo's history and told again in plain Python."""

import asyncio
from collections.abc import Callable

import pytest

from ledger import demo as story
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections import filters
from projections.replica import Replica
from schemas import codec
from schemas.envelope import Recorded


@pytest.fixture(scope="module")
def told() -> tuple[Replica, list[Recorded]]:
    """The demo as a replica and as events."""

    async def made() -> MemoryStore:
        store, script = MemoryStore(), list(story.steps())
        writer = Writer(story.PORTFOLIO, store, story.clock(script, lambda: writer.book.sequence))
        await writer.catch_up()
        async for _ in writer.submit_each(step.line for step in script):
            pass
        return store

    store = asyncio.run(made())
    replica = Replica(story.PORTFOLIO)
    replica.extend([entry.payload for entry in store.entries])
    events = [codec.decode(e.payload, portfolio=story.PORTFOLIO, sequence=e.sequence) for e in store.entries]
    return replica, events


def minor(event: Recorded) -> int | None:
    amount = getattr(event.data, "amount", None)
    return None if amount is None or event.data.TYPE.startswith("Reversed") else abs(amount.minor)


REVERSED = {"EntryReversed.v1"}

CASES: list[tuple[str, Callable[[Recorded, set[int]], bool]]] = [
    ("initiative:AI-0022", lambda e, _: e.subject == "initiative/AI-0022"),
    ("initiative:ai-0022 kind:GATE", lambda e, _: e.subject == "initiative/AI-0022" and "Gate" in e.data.TYPE),
    ("kind:funding", lambda e, _: "funding" in e.data.TYPE.lower()),
    ("by:dara", lambda e, _: e.actor == "dara"),
    ("!by:dara kind:vote", lambda e, _: e.actor != "dara" and e.data.TYPE == "VoteRecorded.v1"),
    ("after:2026-06", lambda e, _: e.recordedtime.date().isoformat() > "2026-06-30"),
    ("before:2024-02", lambda e, _: e.recordedtime.date().isoformat() < "2024-02-01"),
    ("on:2024-03-14", lambda e, _: e.recordedtime.date().isoformat() == "2024-03-14"),
    ("on:2025", lambda e, _: e.recordedtime.year == 2025),
    ("effective:2024-06", lambda e, _: e.effective_on.isoformat()[:7] == "2024-06"),
    ("flagged", lambda e, _: e.flags is not None),
    ("late", lambda e, _: "LATE" in (e.flags or "")),
    ("flag:over", lambda e, _: "OVER" in (e.flags or "")),
    ("!flagged late", lambda *_: False),
    ("reversed", lambda e, undone: e.at in undone),
    ("basis:emergency", lambda e, _: e.basis == "emergency"),
    ("problem", lambda e, undone: e.flags is not None or e.at in undone or e.basis == "emergency"),
    ("subject:envelope/", lambda e, _: e.subject.startswith("envelope/")),
    ("copilot", lambda e, _: "copilot" in f"{e.data.TYPE} {e.subject} {e.actor}".lower()),
    ("kind:fundingapproved amount>1M", lambda e, _: "FundingApproved" in e.data.TYPE and minor(e) > 100_000_000),
    ("kind:fundingapproved amount=20k", lambda e, _: "FundingApproved" in e.data.TYPE and minor(e) == 2_000_000),
    (
        "kind:vote why:~orion",
        lambda e, _: "Vote" in e.data.TYPE and "orion" in f"{e.data.reason}{e.data.dissent}".lower(),
    ),
]


@pytest.mark.parametrize(("words", "passes"), CASES, ids=[words for words, _ in CASES])
def test_a_filter_lets_pass_what_it_says(told, words: str, passes: Callable[[Recorded, set[int]], bool]) -> None:
    replica, events = told
    undone = {event.data.sequence for event in events if event.data.TYPE in REVERSED}
    wanted = [event.at for event in events if passes(event, undone)]
    assert list(filters.sequences(replica, filters.parse(words))) == wanted


def test_no_words_let_everything_pass(told) -> None:
    replica, events = told
    assert filters.parse("  ") == ()
    assert len(filters.sequences(replica, ())) == len(events)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("colour:red", "there is no colour; use after"),
        ("after:yesterday", "'yesterday' is no day; give 2024-06-30, 2024-06 or 2024"),
        ("after:2024-02-30", "is no day"),
        ("amount>lots", "'lots' is no amount; give one such as 250000, 250k or 1.5M"),
        ("by>ana", "write by:ana"),
        ("amount:~3", "is no amount"),
    ],
)
def test_a_term_that_cannot_be_read_is_named_with_what_is_allowed(words: str, says: str) -> None:
    with pytest.raises(filters.FilterError, match=says.replace("(", r"\(")):
        filters.parse(words)


@pytest.mark.parametrize("words", ["by:'; drop table events; --", "x'or'1'='1", "kind:%", "why:~'", "flag:\x1b"])
def test_what_is_asked_for_is_never_part_of_the_query(told, words: str) -> None:
    replica, events = told
    filters.sequences(replica, filters.parse(words))
    assert len(filters.sequences(replica, ())) == len(events)
