"""Windows: what they hold is as it was without them, whether they are whole or not."""

from __future__ import annotations

import msgspec

from projections.fork import ForkReplica
from projections.money import take_balances
from projections.replica import Replica
from projections.windows import WINDOW_ENTRIES
from schemas import codec
from tests.notation import Said
from tests.teller import run
from tests.windows import windows_of
from tests.words import PORTFOLIO, amend, opening, propose

SAID = [opening(), propose("AI-1"), propose("AI-2"), amend("AI-1", title="Again"), amend("AI-2", title="Later")]
PAYLOADS = run([Said(ask).line(f"c-{place}") for place, ask in enumerate(SAID)]).payloads
LAST = "select initiative, last_sequence from initiatives(as_known := ?) order by initiative"


def moved(payload: bytes, sequence: int) -> bytes:
    """Return an event as it would stand at another sequence."""
    event = codec.decode(payload, portfolio=PORTFOLIO, sequence=int(msgspec.json.decode(payload)["sequence"]))
    return codec.encode(msgspec.structs.replace(event, sequence=f"{sequence:016d}"))


def test_the_last_entry_about_an_initiative_is_found_in_every_window() -> None:
    # The second amendment stands in the third window; between them is nothing that is understood.
    late = 2 * WINDOW_ENTRIES + 5
    history = [*PAYLOADS[:4], *[b"foreign"] * (late - 5), moved(PAYLOADS[4], late), b"foreign"]
    replica = Replica(PORTFOLIO)

    def told(asked: Replica, as_known: int) -> dict[str, int]:
        return {row["initiative"]: row["last_sequence"] for row in asked.ask(LAST, [as_known])}

    replica.extend(history[:3])
    assert told(replica, 3) == {"AI-1": 2, "AI-2": 3}
    replica.extend(history[3 : WINDOW_ENTRIES + 1])
    assert told(replica, 3) == {"AI-1": 2, "AI-2": 3}
    assert told(replica, WINDOW_ENTRIES) == told(replica, WINDOW_ENTRIES + 1) == {"AI-1": 4, "AI-2": 3}
    replica.extend(history[WINDOW_ENTRIES + 1 :])
    for sequence in (4, WINDOW_ENTRIES - 1, WINDOW_ENTRIES, 2 * WINDOW_ENTRIES + 1, late - 1):
        assert told(replica, sequence) == {"AI-1": 4, "AI-2": 3}, sequence
    assert told(replica, late) == told(replica, late + 1) == {"AI-1": 4, "AI-2": late}
    for at in (3, 4, WINDOW_ENTRIES + 7, late):
        with ForkReplica(replica, at) as fork:
            fork.show(history[at:])
            assert told(fork, late) == {"AI-1": 4, "AI-2": late}, at
            assert told(fork, 3) == {"AI-1": 2, "AI-2": 3}, at
            fork.show([])
            assert told(fork, at) == {"AI-1": 4 if at > 3 else 2, "AI-2": late if at == late else 3}, at


def test_a_window_has_as_many_entries_here_as_the_macros_reckon_with() -> None:
    assert Replica(PORTFOLIO).ask("select window_entries() as entries") == [{"entries": WINDOW_ENTRIES}]


def test_without_a_moment_every_entry_is_read() -> None:
    with windows_of(2):
        replica = Replica(PORTFOLIO)
        replica.extend(PAYLOADS)
        told = {row["initiative"]: row["last_sequence"] for row in replica.ask("from initiatives()")}
    assert told == {"AI-1": 4, "AI-2": 5}


def test_a_balance_has_as_many_digits_as_it_takes() -> None:
    # What a foreign writer put in may be taken out in a later window; until then it must not stop every view.
    replica = Replica(PORTFOLIO)
    replica.prepare("balances")
    row = "(date '2026-01-01', 'approved', 1, 1, 1, 9000000000000000000)"
    columns = "effective_on, measure, envelope_id, initiative_id, currency_id, minor, sequence"
    for sequence in (1, 2):
        replica.database.execute(f"insert into money_entries ({columns}) values ({row[1:-1]}, {sequence})")
    take_balances(replica.database, 0, WINDOW_ENTRIES)
    assert replica.ask("select minor, entry_count from balances") == [{"minor": 18 * 10**18, "entry_count": 2}]
