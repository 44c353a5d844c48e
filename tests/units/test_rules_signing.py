"""Who has to sign what: each rule with the last case it allows and the first it refuses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ledger.reperform import Reperformance, reperform
from ledger.signing import signed as sign
from ledger.store import MemoryStore
from ledger.writer import Writer
from schemas import sent
from schemas.receipts import Accepted, Reason, Refused
from tests.keys import key, vkey
from tests.notation import Given, Said, accepted, by, given, given_nothing, on, refused, signed
from tests.teller import ticking
from tests.words import ORIGIN, PORTFOLIO, Ask, also, enrol, fund, opening, policy, propose

FUND = fund("claims", 100)
PEOPLE = (
    enrol("ana", vkey=vkey("ana"), roles=["pm"]),
    enrol("ben", vkey=vkey("ben"), roles=["finance"]),
    enrol("ana-2", vkey=vkey("ana-2"), person="p-ana", roles=["finance"]),
)


def stands(*commands: str, together: list[dict[str, Any]] | None = None) -> Given:
    """A portfolio whose policy wants these commands signed, and those signed by several."""
    several = {} if together is None else {"signatories": together}
    return given(*PEOPLE, policy("signing", 1, commands=list(commands), **several))


def missing(**detail: Any) -> Any:
    return refused(Reason.SIGNATURE_MISSING, field="signatures", **detail)


# Where policy wants it.


def test_who_sends_it_signs_it() -> None:
    wanted = stands("FundEnvelope")
    wanted.when(FUND).then(missing(signed=[], actor="ana"))
    (event,) = wanted.when(signed(FUND, "ana")).then(accepted())
    assert event.signatures is not None
    assert event.signatures.startswith("— ana ")
    wanted.when(propose("AI-1")).then(accepted())


def test_somebody_elses_signature_is_not_the_senders() -> None:
    stands("FundEnvelope").when(signed(FUND, "ben")).then(missing(signed=["ben"], actor="ana"))
    stands("FundEnvelope").when(signed(by("ben", FUND), "ben")).then(accepted())
    stands("FundEnvelope").when(signed(FUND, "ben", "ana")).then(accepted())


def test_two_persons_sign_together() -> None:
    wanted = stands(together=[{"command": "FundEnvelope"}])
    wanted.when(FUND).then(missing(signed=[], actor="ana"))
    wanted.when(signed(FUND, "ana")).then(missing(signed=["ana"], persons=1, wanted=2))
    wanted.when(signed(FUND, "ana", "ana")).then(missing(signed=["ana"], persons=1, wanted=2))
    wanted.when(signed(FUND, "ana", "ana-2")).then(missing(signed=["ana", "ana-2"], persons=1, wanted=2))
    (event,) = wanted.when(signed(FUND, "ana", "ben")).then(accepted())
    assert event.signatures is not None
    assert event.signatures.count("\n") == 2


def test_somebody_of_each_role_signs() -> None:
    wanted = stands(together=[{"command": "FundEnvelope", "persons": 1, "roles": ["pm", "finance"]}])
    wanted.when(signed(FUND, "ana")).then(missing(signed=["ana"], role="finance"))
    wanted.when(signed(FUND, "ana", "ben")).then(accepted())
    wanted.when(signed(by("ben", FUND), "ben")).then(missing(signed=["ben"], role="pm"))


def test_signatures_stand_on_the_first_event_of_a_command() -> None:
    legs = fund("claims", 5, kind="transfer", counter_envelope="data")
    both = given(*PEOPLE, FUND, fund("data", 100)).when(signed(legs, "ana")).then(accepted())
    assert [event.signatures is None for event in both] == [False, True]
    assert [event.command is None for event in both] == [False, True]


# Where nobody has to.


def test_what_is_signed_wrongly_is_refused_also_where_nobody_has_to_sign() -> None:
    free = given(*PEOPLE)
    free.when(FUND).then(accepted())
    free.when(signed(FUND, "ana")).then(accepted())
    free.when(signed(FUND, "eve")).then(refused(Reason.KEY_UNKNOWN))
    free.when(signed(FUND, key("ana", "another"))).then(refused(Reason.KEY_UNKNOWN))
    free.when(signed(FUND, "ana", "eve")).then(refused(Reason.KEY_UNKNOWN))
    other = sign(Said(fund("claims", 101)).line("asked"), key("ana"))
    free.when(on("2026-01-12", FUND, signatures=other.signatures.decode())).then(refused(Reason.SIGNATURE_INVALID))


def test_a_signature_for_another_ledger_is_good_for_none() -> None:
    """As it was signed it is for another ledger; made to name this one it is not what was signed."""
    elsewhere = on("2026-01-12", FUND, portfolio="law-00000000")
    given(*PEOPLE).when(signed(elsewhere, "ana")).then(refused(Reason.WRONG_PORTFOLIO))
    stolen = sign(elsewhere.line("asked"), key("ana")).signatures.decode()
    given(*PEOPLE).when(on("2026-01-12", FUND, signatures=stolen)).then(refused(Reason.SIGNATURE_INVALID))


# Keys.


def test_the_opening_is_signed_by_the_registrar_it_names() -> None:
    opened = also(opening(), registrar={"actor": "reg", "person": "p-1", "vkey": vkey("reg")})
    given_nothing().when(signed(by("reg", opened), "reg")).then(accepted())
    given_nothing().when(signed(by("reg", opened), "ana")).then(refused(Reason.KEY_UNKNOWN))
    given_nothing().when(signed(opening(), "reg")).then(refused(Reason.KEY_UNKNOWN))
    after = given(by("reg", opened))
    after.when(signed(by("reg", enrol("ana", vkey=vkey("ana"))), "reg")).then(accepted())


def test_what_is_enrolled_is_a_key() -> None:
    for text in ("key:1", vkey("bob")[:-1], key("bob").written):
        given().when(enrol("bob", vkey=text)).then(refused(Reason.MALFORMED))
    no_key = also(opening(), registrar={"actor": "reg", "person": "p-1", "vkey": "key:1"})
    given_nothing().when(no_key).then(refused(Reason.MALFORMED))


def test_a_key_that_was_replaced_or_revoked_is_not_enrolled_again() -> None:
    first, second = vkey("ana"), vkey("ana", "2")
    rotated = (enrol("ana", vkey=first), enrol("ana", vkey=second, status="rotated"))
    given(*rotated).when(enrol("ana", vkey=second, roles=["pm"])).then(accepted())
    given(*rotated).when(enrol("ana", vkey=first)).then(refused(Reason.KEY_REVOKED))
    given(enrol("ana", vkey=first), enrol("ana", vkey=first, status="revoked")).when(enrol("ana", vkey=first)).then(
        refused(Reason.KEY_REVOKED)
    )


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_stays() -> None:
    before = given(*PEOPLE)
    before.when(signed(FUND, "ana")).then(accepted())
    before.and_(enrol("ana", vkey=vkey("ana"), status="revoked"))
    before.when(signed(FUND, "ana")).then(refused(Reason.KEY_REVOKED, field="signatures", actor="ana"))


# Through the writer, and again.


def payload(number: int, ask: Ask, *names: str, actor: str = "ana") -> bytes:
    told = {"type": f"{ask.type}.v1", "portfolio": ORIGIN, "commandid": f"s-{number}", "actor": actor}
    line = json.dumps(told | {"subject": ask.about, "time": "2026-01-12", "data": ask.data}).encode()
    return sent.joined(*sign(line, *map(key, names))) if names else line


def told() -> list[bytes]:
    return [
        payload(1, opening(), actor="reg"),
        payload(2, PEOPLE[0], actor="reg"),
        payload(3, policy("signing", 1, commands=["FundEnvelope"]), actor="reg"),
        payload(4, FUND, "ana"),
        payload(5, enrol("ana", vkey=vkey("ana"), status="revoked"), actor="reg"),
    ]


def written(payloads: list[bytes]) -> tuple[MemoryStore, list[Any]]:
    async def write() -> tuple[MemoryStore, list[Any]]:
        store = MemoryStore()
        return store, await Writer(PORTFOLIO, store, ticking()).submit_all(payloads)

    return asyncio.run(write())


def again(store: MemoryStore) -> Reperformance:
    return asyncio.run(reperform(store, PORTFOLIO))


def test_what_is_sent_signed_is_stored_signed_and_a_key_revoked_later_changes_nothing() -> None:
    store, receipts = written([*told(), payload(6, FUND, "ana")])
    assert [type(each) for each in receipts] == [Accepted] * 5 + [Refused]
    assert receipts[-1].reason is Reason.KEY_REVOKED
    found = again(store)
    assert (found.differs, found.signed, found.unsigned) == (None, 1, 4)


def test_a_signed_command_that_is_sent_again_gets_its_receipt_also_after_its_key_was_revoked() -> None:
    _, receipts = written([*told(), told()[3]])
    assert receipts[-1] == receipts[3]


def test_one_changed_character_of_a_signature_is_found_again() -> None:
    store, _ = written(told())
    entry = store.entries[3]
    at = entry.payload.index("— ana ".encode()) + 30
    other = b"A" if entry.payload[at : at + 1] != b"A" else b"B"
    store.entries[3] = entry._replace(payload=entry.payload[:at] + other + entry.payload[at + 1 :])
    found = again(store)
    assert found.sequence == 4
    assert found.differs is not None
    assert "SIGNATURE_INVALID" in found.differs


def test_a_signature_that_was_taken_away_is_missed() -> None:
    store, _ = written(told())
    entry = store.entries[3]
    event = json.loads(entry.payload)
    del event["signatures"]
    store.entries[3] = entry._replace(payload=json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
    found = again(store)
    assert found.sequence == 4
    assert found.differs is not None
    assert "SIGNATURE_MISSING" in found.differs
