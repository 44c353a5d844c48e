"""What a card says of a signature: checked again by the keys of its time, and what does not hold."""

from __future__ import annotations

import asyncio
import datetime
import json
from functools import cache

import pytest

from ledger.signing import signed as sign
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections.around import around
from projections.replica import Replica
from projections.signed import Signed, signed_by
from schemas import codec, sent
from schemas.envelope import Recorded
from tests.keys import key, vkey
from tests.laws.test_more_views import replica_of
from tests.teller import ticking
from tests.words import ORIGIN, PORTFOLIO, Ask, also, enrol, fund, opening, policy
from tui.model.card import card

OPENING = also(opening(), registrar={"actor": "reg", "person": "p-1", "vkey": vkey("reg")})
STORY: tuple[tuple[str, Ask, tuple[str, ...]], ...] = (
    ("reg", OPENING, ("reg",)),  # 1
    ("reg", enrol("ana", vkey=vkey("ana")), ("reg",)),  # 2
    ("ana", fund("claims", 100), ()),  # 3: nobody has to yet
    ("ana", fund("data", 100), ()),  # 4
    ("reg", policy("signing", 1, commands=["FundEnvelope"]), ()),  # 5
    ("ana", fund("claims", 5, kind="transfer", counter_envelope="data"), ("ana", "reg")),  # 6 and 7
    ("reg", enrol("ana", vkey=vkey("ana"), status="revoked"), ()),  # 8
)


@cache
def told() -> tuple[Recorded, ...]:
    async def write() -> list[Recorded]:
        store = MemoryStore()
        writer = Writer(PORTFOLIO, store, ticking())
        for place, (actor, ask, names) in enumerate(STORY, start=1):
            said = {"type": f"{ask.type}.v1", "portfolio": ORIGIN, "commandid": f"s-{place}", "actor": actor}
            line = json.dumps(said | {"subject": ask.about, "time": "2026-01-12", "data": ask.data}).encode()
            await writer.submit(sent.joined(*sign(line, *map(key, names))) if names else line)
        return [codec.decode(each.payload, portfolio=PORTFOLIO, sequence=each.sequence) async for each in store.read()]

    return tuple(asyncio.run(write()))


@pytest.fixture(scope="module")
def replica() -> Replica:
    assert len(told()) == 8
    return replica_of(list(told()))


def line_of(replica: Replica, event: Recorded) -> tuple[str, str]:
    found = card(event, around(replica, event), codec.encode(event), datetime.UTC)
    return next((each.text, each.standing) for each in found if each.label == "signature")


@pytest.mark.parametrize(
    ("sequence", "text", "standing"),
    [
        (1, "checked: reg signed the command", "yes"),
        (2, "checked: reg signed the command", "yes"),
        (3, "not signed; nobody had to", "plain"),
        (6, "checked: ana, reg signed the command", "yes"),
        (7, "with the first event of its command", "plain"),
        (8, "not signed; nobody had to", "plain"),
    ],
)
def test_a_card_says_how_its_command_is_signed(replica: Replica, sequence: int, text: str, standing: str) -> None:
    assert line_of(replica, told()[sequence - 1]) == (text, standing)


def changed(sequence: int, **changes: object) -> Recorded:
    event = json.loads(codec.encode(told()[sequence - 1])) | changes
    payload = json.dumps({name: value for name, value in event.items() if value is not None}).encode()
    return codec.decode(payload, portfolio=PORTFOLIO, sequence=sequence)


def test_what_does_not_hold_is_said(replica: Replica) -> None:
    """As if somebody had written it into the stream past the ledger."""
    missing = changed(6, signatures=None)
    assert signed_by(replica, missing) == Signed("missing")
    assert line_of(replica, missing) == ("ABSENT: policy wanted it signed", "problem")
    for other in (changed(6, command="{}"), changed(6, signatures=str(told()[1].signatures))):
        assert signed_by(replica, other).state == "fails"
        assert line_of(replica, other)[0].startswith("DOES NOT HOLD: SIGNATURE_INVALID: the signature of ")
    late = changed(8, signatures=str(told()[5].signatures), command=str(told()[5].command))
    assert signed_by(replica, late).state == "checked"
    after = codec.decode(
        codec.encode(changed(6)).replace(b'"0000000000000006"', b'"0000000000000009"'), portfolio=PORTFOLIO, sequence=9
    )
    assert str(signed_by(replica, after).problem).startswith("KEY_REVOKED: ")
