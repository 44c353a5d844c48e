"""The demo: what its 37 beats leave behind, figure by figure, from a plain fold of its events and from the views."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from ledger.book import Book
from ledger.demo import ORIGIN, PORTFOLIO, Step, clock, steps
from ledger.demo.portfolio import ENVELOPES, FORTY, YEARS
from ledger.evolve import evolve
from ledger.rules.signatures import signers_of
from ledger.store import Draft, MemoryStore, OutcomeUnknown
from ledger.writer import Writer
from projections.headline import headline
from projections.moment import moment
from projections.replica import Replica
from projections.signed import Signed, signed_by
from projections.views import Question, ask
from projections.why import why
from schemas import codec, sent
from schemas.envelope import Recorded
from schemas.events import FACTS, CheckpointAnchored, HoldSet, TextErased
from schemas.receipts import Accepted, Refused
from schemas.values import period_days

K = 100_000
"""Minor units of a thousand dollars."""

LAST = datetime.datetime(2026, 11, 20, 16, tzinfo=datetime.UTC)


REFUSED = [
    (8, "OVER_LIMIT"),
    (11, "CONDITION_OPEN"),
    (21, "NO_COMPLIANCE_VOTE"),
    (22, "KEY_REVOKED"),
    (29, "PERIOD_CLOSED"),
    (32, "PROHIBITED_USE"),
]
"""What the beats refuse, in order."""

DECIDED_BY_AUTHORITY = {
    "ObjectivesSet",
    "PolicyAdopted",
    "EnvelopeFunded",
    "PrioritySet",
    "FundingApproved",
    "FundingReallocated",
    "GateDecided",
    "PeriodClosed",
}


class Run(NamedTuple):
    """The demo as a writer recorded it. seen: its events; refused: what was refused, with the step."""

    told: list[Step]
    payloads: list[bytes]
    seen: list[Recorded]
    refused: list[tuple[Step, Refused]]
    beats: dict[int, list[Recorded]]
    book: Book
    replica: Replica

    def known(self, day: str) -> list[Recorded]:
        """Return the events recorded by the end of a day."""
        return [event for event in self.seen if str(event.recordedtime.date()) <= day]

    def of(self, name: str, **wanted: Any) -> list[Recorded]:
        """Return the events of a type whose data has these values."""
        return [
            event
            for event in self.seen
            if type(event.data).__name__ == name
            and all(getattr(event.data, field) == value for field, value in wanted.items())
        ]

    def view(self, name: str, as_known: str, as_of: str | None = None, **asked: Any) -> Any:
        now = LAST + datetime.timedelta(hours=1)
        return ask(self.replica, Question(name, **asked), moment(self.replica, as_known, as_of, now=now))


def scripted(store: MemoryStore, told: list[Step]) -> Writer:
    writer = Writer(PORTFOLIO, store, clock(told, lambda: writer.book.sequence))
    return writer


def record() -> Run:
    told = list(steps())
    store = MemoryStore()
    writer = scripted(store, told)
    receipts = asyncio.run(writer.submit_all([step.line for step in told]))
    refused, beats = [], defaultdict(list)
    payloads = [entry.payload for entry in store.entries]
    seen = [codec.decode(payload, portfolio=PORTFOLIO, sequence=at) for at, payload in enumerate(payloads, start=1)]
    for step, receipt in zip(told, receipts, strict=True):
        if isinstance(receipt, Refused):
            refused.append((step, receipt))
        else:
            assert isinstance(receipt, Accepted)
            beats[step.beat or 0] += [seen[place.sequence - 1] for place in receipt.events]
    replica = Replica(PORTFOLIO)
    replica.extend(payloads)
    return Run(told, payloads, seen, refused, beats, writer.book, replica)


@pytest.fixture(scope="module")
def run() -> Run:
    return record()


# The whole


def test_only_what_the_story_refuses_is_refused(run: Run) -> None:
    assert [(step.beat, refusal.reason.name) for step, refusal in run.refused] == REFUSED
    assert [step.expect for step in run.told if step.expect != "accepted"] == [reason for _, reason in REFUSED]


def test_a_key_that_is_revoked_signs_no_more_and_what_it_signed_in_july_stays(run: Run) -> None:
    """Beat 22."""
    (july,) = [event for event in run.seen if event.signatures is not None]
    assert (july.actor, str(july.effective_on), july.data.TYPE) == ("eva", "2025-07-24", "GateDecided.v1")
    assert signed_by(run.replica, july) == Signed("checked", by=("eva",))
    ((step, refused),) = [each for each in run.refused if each[0].beat == 22]
    line, signatures = sent.split(step.line)
    assert refused.detail["actor"] == "eva"
    book = Book(PORTFOLIO)
    for event, payload in zip(run.seen[: july.at], run.payloads, strict=False):
        evolve(book, event, payload)
    assert signers_of(line, signatures.decode(), book, datetime.date(2025, 7, 31)) == ("eva",)


def test_a_refusal_names_the_policy_and_the_grants_it_was_judged_under(run: Run) -> None:
    refused = {step.beat: refusal for step, refusal in run.refused}
    (guardrails,) = [event.at for event in run.of("PolicyAdopted") if event.data.kind == "guardrails"]
    (tiers,) = [event.at for event in run.of("PolicyAdopted") if event.data.kind == "tiers"]
    (gates,) = [event.at for event in run.of("PolicyAdopted") if event.data.kind == "gates"]
    split, gate, prohibited = refused[8], refused[11], refused[32]
    assert split.detail == {
        "authority": "auth-ana",
        "basis": "initiative_total",
        "limit_minor": 50 * K,
        "wanted_minor": 65 * K,
        "currency": "USD",
    }
    claims, service = (run.of("AuthoritySet", authority=f"auth-gates-{each}")[0].at for each in ("claims", "service"))
    assert (gate.detail["condition"], gate.grants) == ("COND-AI-0007-FALLBACK", str(claims))
    assert refused[21].grants == str(service)
    assert int(split.policy or 0) >= max(guardrails, tiers)
    assert int(gate.policy or 0) >= max(guardrails, gates)
    assert int(prohibited.policy or 0) >= guardrails


def test_what_was_decided_names_the_authority_of_everybody_who_approved(run: Run) -> None:
    """Beat 9: two grants on one card. Beat 23: one that may be used alone."""
    authority = {event.at: event.data.authority for event in run.of("AuthoritySet")}

    def grants(event: Recorded) -> list[str]:
        return [authority[int(each)] for each in (event.grants or "").split(",") if each]

    (second,) = [event for event in run.beats[9] if type(event.data).__name__ == "FundingApproved"]
    assert grants(second) == ["auth-ben", "auth-service"]
    (alone,) = [event for event in run.of("FundingApproved") if event.basis == "emergency"]
    assert grants(alone) == ["auth-emergency-dara"]
    decided = [event for event in run.seen if type(event.data).__name__ in DECIDED_BY_AUTHORITY]
    assert len(decided) > 200
    assert all(grants(event) and event.policy for event in decided if str(event.recordedtime.date()) > "2024-01-15")


def test_every_type_of_event_is_used(run: Run) -> None:
    # What comes of the proof and of erasure, no board decides, and the story does not tell.
    assert {type(event.data) for event in run.seen} == set(FACTS) - {CheckpointAnchored, TextErased, HoldSet}
    assert 1_400 <= len(run.seen) <= 1_850


def test_the_same_lines_give_the_same_bytes(run: Run) -> None:
    again = record()
    assert again.told == run.told
    assert again.payloads == run.payloads


class ForgetfulStore(MemoryStore):
    """Of three appends one is stored unheard, one is stored, and one is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.appends = 0

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        self.appends += 1
        if self.appends % 3 == 0:
            raise OutcomeUnknown(self.name, expected_sequence, 1.0)
        last = await super().append(entries, expected_sequence=expected_sequence)
        if self.appends % 3 == 1:
            raise OutcomeUnknown(self.name, expected_sequence, 1.0)
        return last


def test_an_interrupted_run_that_loses_answers_ends_with_the_same_bytes(run: Run) -> None:
    store, lines = ForgetfulStore(), [step.line for step in run.told]
    for upto in (701, len(lines), len(lines)):
        asyncio.run(scripted(store, run.told).submit_all(lines[:upto]))
    assert store.appends > 8
    assert [entry.payload for entry in store.entries] == run.payloads


def test_the_clock_is_the_scripts(run: Run) -> None:
    times = [step.recorded_at for step in run.told]
    assert times == sorted(times)
    assert run.seen[0].recordedtime == times[0] == datetime.datetime(2024, 1, 8, 9, tzinfo=datetime.UTC)
    assert run.seen[-1].recordedtime == times[-1] == LAST
    assert [event.recordedtime for event in run.seen] == sorted(event.recordedtime for event in run.seen)
    assert all(event.importedtime is None for event in run.seen)
    assert run.book.opened is not None
    assert run.book.opened.log_origin == ORIGIN


def test_nothing_is_flagged_that_is_not_planned(run: Run) -> None:
    flagged = [event for event in run.seen if event.flags]
    late = [event for event in flagged if event.flags == "LATE"]
    assert all(event in run.beats[10] and event.decidedon == datetime.date(2024, 6, 20) for event in late)
    unaligned = [event for event in flagged if event.flags == "UNALIGNED"]  # the guardrail of beat 2
    assert [(event.data.initiative, str(event.recordedtime.date())) for event in unaligned] == [
        ("AI-0032", "2024-03-14"),
        ("AI-0032", "2025-02-13"),
    ]
    (over,) = [event for event in flagged if event not in (*late, *unaligned)]
    assert (over.flags, over.data.initiative, over in run.beats[20]) == ("OVER_ENVELOPE", "AI-0003", True)
    assert all(event.flagreason for event in flagged)


def test_every_beat_of_today_has_events(run: Run) -> None:
    assert set(run.beats) - {0} == set(range(1, 38)) - {32, 33}  # 32 is refused; 33 is a finding


# Approved, envelopes, actual


def approved(events: list[Recorded]) -> Counter[tuple[str, str]]:
    """Return thousands approved by initiative and fiscal year."""
    found: Counter[tuple[str, str]] = Counter()
    for event in events:
        fact = event.data
        if type(fact).__name__ == "FundingApproved":
            found[fact.initiative, fact.period] += fact.amount.minor
        elif type(fact).__name__ == "FundingReallocated":
            found[fact.source.initiative, fact.source.period] -= fact.amount.minor
            found[fact.target.initiative, fact.target.period] += fact.amount.minor
    assert all(minor % K == 0 for minor in found.values())
    return Counter({key: minor // K for key, minor in found.items()})


def test_approved_by_initiative_and_year_is_the_table_of_forty(run: Run) -> None:
    found = approved(run.seen)
    wanted = {(each.id, f"FY{year}"): each.in_year(year) for each in FORTY for year in YEARS if each.in_year(year)}
    assert found == wanted
    by_year = [sum(value for (_, period), value in found.items() if period == f"FY{year}") for year in YEARS]
    assert by_year == [10_350, 15_430, 13_300]
    assert [event.data.amount.minor // K for event in run.of("FundingApproved", initiative="AI-0022")] == [600, -310]


def test_envelopes_are_funded_as_planned_and_one_is_topped_up(run: Run) -> None:
    funded: Counter[str] = Counter()
    for event in run.of("EnvelopeFunded"):
        funded[event.data.envelope] += event.data.amount.minor // K
    wanted = {
        f"{name}-{year}": amounts[place] for name, amounts in ENVELOPES.items() for place, year in enumerate(YEARS)
    }
    assert funded == wanted | {"claims-2025": 5_650, "uw-2025": 2_850}
    assert [sum(value for name, value in wanted.items() if name.endswith(str(year))) for year in YEARS] == [
        12_000,
        16_000,
        17_000,
    ]


def test_actual_comes_near_its_part_of_what_was_approved(run: Run) -> None:
    for year, low, high in ((2024, 0.86, 0.94), (2025, 0.81, 0.89), (2026, 0.57, 0.64)):
        spent = sum(minor for key, minor in run.book.sums.items() if key[0] == "actual" and key[1].endswith(str(year)))
        permitted = sum(amount for (_, period), amount in approved(run.seen).items() if period == f"FY{year}")
        assert low < spent / (permitted * K) < high


def test_closed_years_take_nothing_more(run: Run) -> None:
    for period, year, day in (("FY2024", 2024, "2025-01-17"), ("FY2025", 2025, "2026-01-16")):
        (closed,) = run.of("PeriodClosed", period=period)
        assert str(closed.recordedtime.date()) == day
        assert closed.data.last_sequence == closed.at - 1
        assert len(closed.data.root) == 64
        after = [
            event
            for event in run.seen[closed.at :]
            if period_days(getattr(event.data, "period", None) or "2099", 1)[0].year == year
            and type(event.data).__name__ in ("ActualPosted", "CommitmentPosted", "FundingApproved")
        ]
        assert after == []
        totals = {total.measure: total.amount_minor for total in closed.data.totals}
        known = run.book.period_totals(period)
        assert {measure: minor for (measure, _), minor in known.items()} == totals


# Alignment


FIGURES = {
    # as known: approved, CLAIMS FRAUD SERVE PRICE COST TRUST, orphan, drift, index, must move
    "2024-03-31": (10_195, ".2884 .1305 .2410 .1756 .0787 -", ".0858 .1269 .8731", 1_294),
    "2024-06-30": (10_260, ".2865 .1296 .2427 .1745 .0814 -", ".0853 .1280 .8720", 1_313),
    "2024-07-18 2024-06-30": (10_660, ".2758 .1248 .2336 .1979 .0858 -", ".0821 .1157 .8843", 1_233),
    "2024-12-31": (10_350, ".2841 .1285 .2316 .2039 .0884 -", ".0636 .0990 .9010", 1_025),
    "2025-03-17": (25_150, ".2402 .1555 .2438 .1821 .1022 -", ".0763 .1223 .8777", 3_075),
    "2025-04-03": (25_150, ".2410 .1555 .2449 .1821 .0982 -", ".0783 .1233 .8767", 3_100),
    "2025-12-31": (25_780, ".2490 .1517 .2389 .1811 .1028 -", ".0764 .1182 .8818", 3_046),
    "2026-01-22": (25_780, ".2490 .1517 .3417 .1811 - .0000", ".0764 .2493 .7507", 6_427),
    "declared": (25_780, ".2490 .1517 .3371 .1811 - .0398", ".0413 .2095 .7905", 5_402),
    "2026-11-20": (39_080, ".2361 .1566 .3366 .1659 - .0636", ".0412 .1938 .8062", 7_572),
}


@pytest.mark.parametrize("when", FIGURES)
def test_the_ten_figures_of_alignment(run: Run, when: str) -> None:
    amount, shares, rest, must_move = FIGURES[when]
    as_known, _, as_of = when.partition(" ")
    if when == "declared":
        new_money = [event for event in run.beats[30] if type(event.data).__name__ == "FundingApproved"]
        as_known, as_of = str(new_money[0].at - 1), "2026-02-12"
    view = run.view("alignment", as_known, as_of or None)
    found = {row.objective: row.share for row in view.rows}
    names = ("CLAIMS", "FRAUD", "SERVE", "PRICE", "COST", "TRUST")
    assert " ".join(f"{found[name]:.4f}".lstrip("0") if name in found else "-" for name in names) == shares
    told = view.totals
    orphan, drift, index = (f"{told[name]:.4f}".lstrip("0") for name in ("orphan_share", "drift", "index"))
    assert f"{orphan} {drift} {index}" == rest
    assert (told["amount_minor"], round(told["must_move_minor"] / K)) == (amount * K, must_move)
    whole = headline(run.replica, moment(run.replica, as_known, as_of or None, now=LAST))
    figures = (whole.approved_minor, whole.index, whole.orphan_share, whole.must_move_minor)
    assert figures == (amount * K, told["index"], told["orphan_share"], told["must_move_minor"])


def drift_of(money: Counter[str]) -> Fraction:
    """Return the drift of approvals under the declarations and weights of the end, by a fold of our own."""
    weights = {"CLAIMS": 30, "FRAUD": 20, "SERVE": 20, "PRICE": 15, "TRUST": 15}
    total, served = sum(money.values()), dict.fromkeys(weights, Fraction(0))
    for each in FORTY:
        words = (each.declares or each.serves).split()
        for name, percent in zip(words[::2], words[1::2], strict=True):
            served["SERVE" if name == "COST" else name] += Fraction(int(percent) * money[each.id], 100 * total)
    gaps = sum(abs(served[name] - Fraction(weight, 100)) for name, weight in weights.items())
    return (gaps + 1 - sum(served.values())) / 2


def test_beat_37_a_world_in_which_the_avatar_was_kept(run: Run) -> None:
    money: Counter[str] = Counter()
    for (initiative, _), amount in approved(run.seen).items():
        money[initiative] += amount
    kept = money + Counter({"AI-0022": 310 + 500})
    was, would_be = drift_of(money), drift_of(kept)
    assert (f"{float(1 - was):.3f}", f"{float(1 - would_be):.3f}") == ("0.806", "0.797")
    assert round(would_be * sum(kept.values()) - was * sum(money.values())) == 526


# Models


def primaries(run: Run, sequence: int, day: str, role: str = "primary") -> dict[str, set[str]]:
    """Return the models each initiative runs on, as known at a sequence and as of a day."""
    at = datetime.date.fromisoformat(day)
    held: dict[tuple[str, str], Recorded] = {}
    for event in run.of("InitiativeLinked", kind="ai_model", role=role):
        if event.at <= sequence and event.effective_on <= at:
            held[event.data.initiative, event.data.target] = event
    found: dict[str, set[str]] = defaultdict(set)
    for (initiative, model), event in held.items():
        link = event.data
        if (link.starts is None or link.starts <= at) and (link.ends is None or at <= link.ends):
            found[initiative].add(model)
    return found


def money_by(run: Run, sequence: int) -> Counter[str]:
    money: Counter[str] = Counter()
    for (initiative, _), amount in approved(run.seen[:sequence]).items():
        money[initiative] += amount
    return money


def test_beat_6_two_thirds_of_the_round_ride_on_one_provider(run: Run) -> None:
    """An initiative on several models counts for each provider in the proportion of its models."""
    sequence = run.known("2024-03-31")[-1].at
    providers = {event.data.model: event.data.provider for event in run.of("ModelLifecycleChanged")}
    money, models = money_by(run, sequence), primaries(run, sequence, "2024-03-14")
    orion = sum(
        Fraction(money[name] * sum(providers[model] == "Orion" for model in used), len(used))
        for name, used in models.items()
    )
    assert round(100 * orion / sum(money.values())) == 67
    rows = run.view("concentration", "2024-03-31").rows
    share = {row.key: row.share for row in rows if row.kind == "model_provider"}
    assert share["Orion"] == pytest.approx(float(orion / sum(money.values())))
    assert max(share.values()) == share["Orion"]


def test_beat_16_what_the_retirement_hits(run: Run) -> None:
    (news,) = run.beats[16][-1:]
    assert (news.data.change, str(news.data.announced_on)) == ("retirement_announced", "2025-03-17")
    assert (news.data.effective_on - news.effective_on).days == 197
    money = money_by(run, news.at)
    hit = {name for name, models in primaries(run, news.at, "2025-03-17").items() if "orion-2" in models}
    safe = set(primaries(run, news.at, "2025-03-17", "fallback"))
    assert (len(hit), sum(money[name] for name in hit)) == (13, 11_000)
    assert round(100 * 11_000 / sum(money.values())) == 44
    assert (len(hit - safe), sum(money[name] for name in hit - safe)) == (10, 8_050)
    now = primaries(run, len(run.seen), "2025-03-17")
    assert {name for name, models in now.items() if "orion-2" in models} == hit | {"AI-0033"}
    assert money["AI-0033"] == 700


@pytest.mark.parametrize(
    ("as_known", "as_of", "hit", "exposed", "days"),
    [
        ("2025-03-17", "2025-03-17", (13, 10), (11_000, 8_050), 197),
        ("2026-11-20", "2025-03-17", (14, 11), (11_700, 8_750), 197),
        ("2026-11-20", "2026-11-20", (0, 0), (0, 0), -324),
    ],
)
def test_beats_16_and_27_by_the_view_of_models(
    run: Run, as_known: str, as_of: str, hit: tuple[int, int], exposed: tuple[int, int], days: int
) -> None:
    (row,) = [row for row in run.view("models", as_known, as_of).rows if row.model == "orion-2"]
    assert (row.dependents, row.without_fallback) == hit
    assert (row.approved_minor // K, row.exposed_minor // K) == exposed
    assert row.days_left == days


def test_beats_18_23_and_27_days_from_news_to_decision(run: Run) -> None:
    news = run.beats[16][-1].effective_on
    pivots = {
        event.data.initiative: (event.effective_on - news).days for event in run.of("GateDecided", outcome="pivot")
    }
    assert Counter(pivots.values()) == {17: 12, 165: 1, 302: 1}
    assert (pivots["AI-0018"], pivots["AI-0033"]) == (165, 302)
    moved = run.of("FundingReallocated")
    assert [(event.data.source.initiative, event.data.amount.minor // K) for event in moved] == [
        ("AI-0006", 150),
        ("AI-0009", 200),
    ]
    assert {event.data.target.initiative for event in moved} == {"AI-0007"}
    assert {event.data.trigger for event in moved} == {run.beats[16][-1].at}
    final = primaries(run, len(run.seen), "2026-11-20")
    assert not any("orion-2" in models for models in final.values())
    assert {name for name in ("AI-0007", "AI-0010") if final[name] == {"heron-70b"}} == {"AI-0007", "AI-0010"}


def test_beat_19_in_april_the_end_was_still_september(run: Run) -> None:
    def ends(day: str) -> str:
        told = [event for event in run.known(day) if getattr(event.data, "model", "") == "orion-2"]
        return str([event.data.effective_on for event in told if event.data.effective_on][-1])

    assert (ends("2025-04-03"), ends("2025-05-22")) == ("2025-09-30", "2025-12-31")


# Decisions


def votes(run: Run, decision: str) -> dict[str, str]:
    return {event.data.voter: event.data.vote for event in run.of("VoteRecorded", decision=decision)}


@pytest.mark.parametrize(
    ("decision", "tally"),
    [
        ("D-2024-ROUND", {"approve": 5}),
        ("D-2024-COPILOT", {"approve": 4, "reject": 1}),
        ("D-2024-AVATAR", {"approve": 5, "advise": 1}),
        ("D-2025-GPU", {"approve": 3, "recuse": 2}),
        ("D-2025-ORION-2", {"approve": 4, "reject": 1}),
        ("D-2025-SIGNALS", {"approve": 6}),
        ("D-2025-TREATY", {"approve": 1}),
        ("D-2025-TREATY-RATIFIED", {"approve": 3, "abstain": 1, "recuse": 1}),
        ("D-2026-SANDBOX", {"approve": 4, "reject": 1}),
    ],
)
def test_how_they_voted(run: Run, decision: str, tally: dict[str, int]) -> None:
    assert Counter(votes(run, decision).values()) == tally


def test_dissent_is_on_record(run: Run) -> None:
    said = {
        (event.data.voter, event.data.decision): event.data.dissent
        for event in run.of("VoteRecorded")
        if event.data.dissent
    }
    assert "two thirds" in said["dara", "D-2024-COPILOT"].lower()
    assert "too short" in said["jon", "D-2024-AVATAR"]
    assert "60 days" in said["dara", "D-2025-ORION-2"]
    assert "known since March" in said["chike", "D-2025-TREATY-RATIFIED"]
    assert "after the fact" in said["dara", "D-2026-SANDBOX"]
    assert len(said) == 5


def test_every_vote_names_its_request_and_nobody_votes_on_their_own(run: Run) -> None:
    sponsors = {each.id: each.sponsor for each in FORTY}
    for event in run.of("VoteRecorded"):
        request = run.seen[event.data.request - 1]
        assert (type(request.data).__name__, request.data.decision) == ("DecisionRequested", event.data.decision)
        subjects = [subject.removeprefix("initiative/") for subject in request.data.subjects]
        own = event.data.voter in {sponsors[subject] for subject in subjects}
        assert not own or event.data.vote in ("recuse", "advise")
        assert request.actor != event.data.voter


def test_the_committee_decides_what_is_above_its_tier(run: Run) -> None:
    tiers = {event.data.decision: (event.data.tier, event.data.body) for event in run.of("DecisionRequested")}
    assert tiers["D-2024-ROUND"] == tiers["D-2024-COPILOT"] == ("committee", "ai-steering")
    assert tiers["D-2024-AI-0021"] == tiers["D-2024-AI-0036"] == ("stream", None)
    gpu = run.of("DecisionRequested", decision="D-2025-GPU")[0].data
    assert (gpu.quorum_votes, gpu.quorum_seats) == (3, ("finance", "risk"))


def spearman(one: list[float], other: list[float]) -> float:
    def ranked(values: list[float]) -> list[float]:
        return [sum(each < value for each in values) + (values.count(value) + 1) / 2 for value in values]

    a, b = ranked(one), ranked(other)
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    top = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return float(top / (sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)) ** 0.5)


def test_beat_5_the_first_round_favours_novelty(run: Run) -> None:
    money = money_by(run, run.known("2024-03-31")[-1].at)
    scores = {
        event.data.initiative: {score.criterion: score.score for score in event.data.scores}
        for event in run.of("InitiativeScored")
    }
    funded = sorted(money)
    assert len(funded) == 22
    amounts = [float(money[name]) for name in funded]
    novelty, value = ([float(scores[name][sort]) for name in funded] for sort in ("novelty", "value"))
    assert spearman(amounts, novelty) - spearman(amounts, value) > 0
    assert max(funded, key=lambda name: scores[name]["novelty"]) == "AI-0022"
    assert sorted(funded, key=lambda name: -scores[name]["value"])[-3] == "AI-0022"
    assert money["AI-0022"] == 600
    view = run.view("priority", "2024-03-31")
    bias = spearman(amounts, novelty) - spearman(amounts, value)
    assert (view.totals["judged"], view.totals["novelty_bias"]) == (22, pytest.approx(bias))
    assert max(view.rows, key=lambda row: row.novelty).initiative == "AI-0022"


# Beats, one by one


def test_beats_7_to_9_a_split_purchase_and_two_grants(run: Run) -> None:
    grants = run.of("FundingApproved", initiative="AI-0021", period="FY2024")
    assert [(event.actor, event.data.amount.minor // K) for event in grants] == [("ana", 45), ("ben", 20)]
    orders = run.beats[8]
    assert [event.data.amount.minor for event in orders] == [2_450_000, 2_050_000]
    assert (orders[1].effective_on - orders[0].effective_on).days == 3
    assert {event.data.supplier for event in orders} == {"Verbatim Ltd"}
    assert set(votes(run, "D-2024-AI-0021")) == {"ben", "chike"}


def test_beat_10_the_same_day_known_at_two_times(run: Run) -> None:
    early = run.view("alignment", "2024-06-30").totals["amount_minor"]
    late = run.view("alignment", "2024-07-18", "2024-06-30").totals["amount_minor"]
    assert (early, late) == (10_260 * K, 10_660 * K)
    (funding,) = run.of("FundingApproved", initiative="AI-0015", period="FY2024")
    assert (funding.basis, funding.flags) == ("minuted", "LATE")
    assert (funding.recordedtime.date() - funding.effective_on).days == 28


def test_beat_11_the_condition_is_met_late(run: Run) -> None:
    met, _, gate = run.beats[11]
    (grant,) = run.of("FundingApproved", initiative="AI-0007", period="FY2024")
    (condition,) = [each for each in grant.data.conditions if each.condition == met.data.condition]
    assert (condition.blocking, condition.owner, str(condition.due)) == (True, "farid", "2024-09-30")
    assert (met.effective_on - condition.due).days == 24
    assert (gate.data.outcome, gate.effective_on) == ("go", met.effective_on)


def test_beat_12_the_kill(run: Run) -> None:
    before, after = (
        {row.initiative: row for row in run.view("initiatives", day).rows}["AI-0022"]
        for day in ("2024-11-20", "2024-11-21")
    )
    assert (before.status, before.approved_minor, before.committed_minor, before.actual_minor) == (
        "active",
        600 * K,
        90 * K,
        250 * K,
    )
    assert (after.status, after.approved_minor, after.committed_minor, after.actual_minor) == (
        "killed",
        290 * K,
        0,
        290 * K,
    )
    (kill,) = run.of("GateDecided", outcome="kill")
    assert kill.data.released.minor == 310 * K
    assert kill.data.treatments[0].exit_cost.amount.minor == 40 * K


def test_beat_13_the_reversal_moves_the_data_to_telematics(run: Run) -> None:
    wrong, reversal, right = run.beats[13]
    assert (reversal.data.sequence, reversal.data.kind) == (wrong.at, "void")
    assert (wrong.data.initiative, right.data.initiative) == ("AI-0012", "AI-0016")
    assert wrong.data.amount.minor == right.data.amount.minor == 18_640_000
    assert wrong.data.posting_ref == right.data.posting_ref
    assert (wrong.actor, reversal.actor) == ("ben", "lena")
    before, after = (
        {row.key: row.actual_minor for row in run.view("spend", known, by="initiative").rows}
        for known in (str(reversal.at - 1), str(right.at))
    )
    assert before["AI-0012"] - after["AI-0012"] == after["AI-0016"] - before["AI-0016"] == 18_640_000
    at = moment(run.replica, str(right.at), None, now=LAST)
    question = Question("spend", by="initiative")
    causes = [why(run.replica, question, name, "actual_minor", at) for name in ("AI-0012", "AI-0016")]
    assert causes == [reversal.at, right.at]


def test_beat_20_over_the_envelope_for_a_month(run: Run) -> None:
    free = {
        day: {row.key: row.free_minor for row in run.view("spend", day).rows}["claims-2025"]
        for day in ("2025-06-11", "2025-06-12", "2025-07-09", "2025-07-10")
    }
    assert free == {"2025-06-11": 300 * K, "2025-06-12": -150 * K, "2025-07-09": -150 * K, "2025-07-10": 0}


def test_beat_21_high_risk_from_june_and_compliance_voted(run: Run) -> None:
    classes = [
        {row.initiative: row.eu_class for row in run.view("initiatives", day).rows}["AI-0025"]
        for day in ("2025-06-25", "2025-06-26")
    ]
    assert classes == ["minimal", "high"]
    assert votes(run, "D-2025-SIGNALS")["greta"] == votes(run, "D-2026-SIGNALS")["greta"] == "approve"


def test_beat_22_eva_left_and_nothing_is_hers_after(run: Run) -> None:
    (left,) = run.of("ActorEnrolled", status="left")
    assert (left.data.actor, str(left.effective_on), str(left.recordedtime.date())) == (
        "eva",
        "2025-08-01",
        "2025-08-05",
    )
    assert max(event.recordedtime.date() for event in run.seen if event.actor == "eva") < left.effective_on
    assert min(event.recordedtime.date() for event in run.seen if event.actor == "olga") >= datetime.date(2025, 9, 15)
    assert [event.data.chair for event in run.of("BodySet")] == ["eva", "dara", "olga"]


def test_beats_23_and_24_an_emergency_ratified_in_time(run: Run) -> None:
    (grant,) = [event for event in run.of("FundingApproved") if event.basis == "emergency"]
    assert (grant.actor, grant.data.amount.minor, str(grant.data.ratify_by)) == ("dara", 180 * K, "2025-09-19")
    (closed,) = run.of("DecisionClosed", decision="D-2025-TREATY-RATIFIED")
    assert (closed.basis, closed.data.ratifies) == ("ratified", "D-2025-TREATY")
    assert closed.effective_on < grant.data.ratify_by


def test_every_condition_but_the_copilots_is_met_in_time_or_still_open(run: Run) -> None:
    set_ = {each.condition: each for event in run.seen for each in getattr(event.data, "conditions", ())}
    met = {event.data.condition: event.effective_on for event in run.of("ConditionDischarged")}
    late = {name for name, each in set_.items() if met.get(name, LAST.date()) > each.due}
    assert late == {"COND-AI-0007-FALLBACK"}
    assert set(set_) - set(met) == {"COND-AI-0039-KEYS", "COND-AI-0039-CAP"}
    view = run.view("conditions", "2026-11-20")
    assert {row.condition for row in view.rows} == set(set_)
    assert {row.condition for row in view.rows if row.status == "open"} == set(set_) - set(met)
    overdue = {
        day: [(row.condition, row.days_overdue) for row in run.view("conditions", day).rows if row.days_overdue]
        for day in ("2024-09-30", "2024-10-01", "2024-10-23", "2024-10-24")
    }
    name = "COND-AI-0007-FALLBACK"
    assert list(overdue.values()) == [[], [(name, 1)], [(name, 23)], []]


def benefit_owners(run: Run) -> dict[str, set[str]]:
    newest = {event.data.benefit: event.data for event in run.of("BenefitPlanned")}
    return {benefit: {share.initiative for share in plan.initiatives} for benefit, plan in newest.items()}


def test_beat_25_what_was_promised_moves(run: Run) -> None:
    plans = run.of("BenefitPlanned", benefit="BEN-AI-0027")
    assert [plan.data.initiatives[0].initiative for plan in plans] == ["AI-0027", "AI-0028"]
    assert {row.initiative: row.status for row in run.view("initiatives", "2026-11-20").rows}["AI-0027"] == "merged"


def test_beats_26_and_31_claimed_and_validated(run: Run) -> None:
    (plan,) = run.of("BenefitPlanned", benefit="BEN-AI-0001")
    claimed, validated = run.of("BenefitMeasured", benefit="BEN-AI-0001")
    assert (claimed.actor, claimed.data.status, claimed.data.money.minor) == ("tomas", "claimed", 240_000_000)
    assert (validated.actor, validated.data.status, validated.data.money.minor) == ("ben", "validated", 145_000_000)
    planned = plan.data.target[0].money.minor
    assert (planned, 1_000 * validated.data.money.minor // planned) == (200_000_000, 725)


def test_beat_29_recorded_after_the_close(run: Run) -> None:
    ((step, refusal),) = [each for each in run.refused if each[0].beat == 29]
    assert refusal.detail["closed"] == "FY2025"
    (booked,) = run.beats[29]
    assert (booked.data.amount.minor, booked.data.period, booked.data.service_period) == (
        -4_200_000,
        "2026-02",
        "2025-12",
    )
    assert [event for event in run.of("ActualPosted") if event.data.service_period] == [booked]
    assert booked.data.posting_ref.encode() in step.line


def test_beat_30_ranks_follow_value(run: Run) -> None:
    (ranked,) = [event for event in run.beats[30] if type(event.data).__name__ == "PrioritySet"]
    value = {each.id: each.value for each in FORTY}
    ranks: dict[str, int] = {}
    for event in run.of("PrioritySet"):
        for move in event.data.moves:
            assert ranks.get(move.initiative) == move.was
            ranks[move.initiative] = move.rank
        if event is ranked:
            live = sorted((name for name in ranks if ranks[name] < 38), key=ranks.__getitem__)
            assert live == sorted(live, key=lambda name: -value[name])
    assert sorted(ranks.values()) == list(range(1, 41))
    rows = run.view("priority", "2026-02-12").rows
    assert [row.rank for row in rows] == list(range(1, 37))
    assert [row.value for row in rows] == sorted((row.value for row in rows), reverse=True)
    moved = {move.initiative: move.was for move in ranked.data.moves}
    assert {row.initiative: row.was for row in rows if row.rank_sequence == ranked.at} == moved


def test_beats_33_and_34_the_orphan_gets_a_name_and_2025_stays(run: Run) -> None:
    nameless = run.of("ActualPosted", initiative=None)
    assert (len(nameless), sum(event.data.amount.minor for event in nameless)) == (12, 26_840_000)
    assert {event.data.envelope for event in nameless} == {"platform-2025"}
    rows = {row.initiative: row for row in run.view("initiatives", "2026-11-20").rows}
    assert (rows["AI-0039"].approved_minor, rows["AI-0039"].actual_minor) == (300 * K, 26_840_000)
    april, november = (
        sum(row.actual_minor for row in run.view("spend", day, by="initiative").rows if row.key is None)
        for day in ("2026-04-21", "2026-11-20")
    )
    assert (april, november) == (26_840_000, 0)
    still = [
        run.view("spend", "2026-11-20", "2025-12-31", by="initiative"),
        run.view("spend", "2026-01-16", "2025-12-31", by="initiative"),
    ]
    assert still[0].totals == still[1].totals


def test_beat_35_promises_never_measured(run: Run) -> None:
    planned = set().union(*benefit_owners(run).values())
    owners = benefit_owners(run)
    measured = set().union(*(owners[event.data.benefit] for event in run.of("BenefitMeasured")))
    assert (len(planned), len(measured)) == (31, 22)
    year_ago = money_by(run, run.known("2025-07-15")[-1].at)
    found = sorted(name for name in planned - measured if year_ago[name] > 0)
    assert found == ["AI-0016", "AI-0020", "AI-0024", "AI-0030", "AI-0034"]
    assert sum(year_ago[name] for name in found) == 3_300
    known = {
        name
        for event in run.known("2026-07-15")
        if type(event.data).__name__ == "BenefitMeasured"
        for name in owners[event.data.benefit]
    }
    assert known == measured
    (hold,) = run.of("GateDecided", outcome="hold")
    assert (hold.data.initiative, str(hold.effective_on)) == ("AI-0024", "2026-07-30")


def test_beat_36_four_baselines(run: Run) -> None:
    plans = [event.data for event in run.of("BaselineSet", initiative="AI-0026")]
    costs = [sum(part.amount.minor for part in plan.cost) // K for plan in plans]
    assert [plan.number for plan in plans] == [1, 2, 3, 4]
    assert (costs[0], costs[-1], costs[0] - costs[-1]) == (1_000, 1_650, -650)
    assert (str(plans[0].finish), str(plans[-1].finish)) == ("2025-06-30", "2026-10-31")
    forecast = run.of("ForecastUpdated", initiative="AI-0026")[-1].data
    actual = sum(minor for key, minor in run.book.sums.items() if key[0] == "actual" and key[2] == "AI-0026")
    assert actual + sum(part.amount.minor for part in forecast.estimate_to_complete) == 1_650 * K
    others = Counter(event.data.initiative for event in run.of("BaselineSet"))
    assert {name for name, count in others.items() if count > 1} == {"AI-0026"}


# Behind the beats


def test_capacity_of_mlops_engineers(run: Run) -> None:
    (policy,) = [event.data.body for event in run.of("PolicyAdopted", version=3) if event.data.kind == "capacity"]
    supply = {each.period: each.amount for each in policy.supply}
    planned: Counter[str] = Counter()
    for event in run.of("CapacityAllocated", kind="planned"):
        planned[event.data.period] += event.data.amount
    load = {period: round(100 * amount / supply[period]) for period, amount in planned.items()}
    assert (load["2025-Q2"], load["2025-Q3"]) == (118, 97)
    assert all(value < 100 for period, value in load.items() if period != "2025-Q2")
    view = run.view("capacity", "2026-11-20")
    assert {row.period: round(100 * row.load) for row in view.rows if row.planned} == load
    assert (view.totals["over"], {row.skill for row in view.rows}) == (1, {"mlops"})


@pytest.mark.parametrize("day", ["2024-03-31", "2024-12-31", "2025-06-12", "2026-04-21", "2026-11-20"])
def test_value_streams_agree_with_spend(run: Run, day: str) -> None:
    streams, spent = run.view("value_streams", day), run.view("spend", day, by="value_stream")
    names = ("funded_minor", "approved_minor", "committed_minor", "actual_minor")
    told = {row.value_stream: [getattr(row, name) for name in names] for row in streams.rows}
    assert told == {row.key: [getattr(row, name) for name in names] for row in spent.rows}
    assert sum(row.share for row in streams.rows) == pytest.approx(1)
    assert {row.title for row in streams.rows} == {"Claims", "Underwriting", "Service", "Platform"}
    proposed = run.view("initiatives", day).rows
    assert sum(row.initiatives_active + row.initiatives_ended for row in streams.rows) == len(proposed)
    benefits = run.view("benefits", day).totals
    assert all(streams.totals[f"{name}_minor"] == benefits[f"{name}_minor"] for name in ("planned", "validated"))


def test_flow_of_four_value_streams(run: Run) -> None:
    rows = run.view("flow", "2026-11-20").rows
    reported = {(event.data.value_stream, event.data.period): event.data for event in run.of("FlowReported")}
    assert [(row.value_stream, row.period) for row in rows] == sorted(reported)
    assert {row.value_stream for row in rows} == {"claims", "uw", "service", "platform"}
    assert all(row.load == reported[row.value_stream, row.period].wip for row in rows)
    assert all(0 < row.efficiency < 1 for row in rows)


def test_assurance_of_the_copilot(run: Run) -> None:
    rated = {str(event.data.as_at)[:7]: event.data.rating for event in run.of("AssuranceRated", initiative="AI-0007")}
    assert (rated["2024-12"], rated["2025-03"], rated["2025-07"]) == ("amber", "red", "amber")


def test_links_and_scores_of_all(run: Run) -> None:
    backlog = {event.data.initiative for event in run.of("InitiativeLinked", kind="backlog")}
    assert {each.id for each in FORTY} - backlog == {"AI-0031", "AI-0034", "AI-0039"}
    scored = {
        event.data.initiative: {score.criterion for score in event.data.scores} for event in run.of("InitiativeScored")
    }
    assert set(scored) == {each.id for each in FORTY}
    assert all({"value", "novelty"} <= criteria for criteria in scored.values())


def test_every_month_has_something_in_it(run: Run) -> None:
    months = {f"{event.recordedtime:%Y-%m}" for event in run.seen}
    assert len(months) == 35
    invoices = Counter(f"{event.recordedtime:%Y-%m}" for event in run.of("ActualPosted"))
    assert all(invoices[month] for month in months if "2024-04" <= month <= "2026-10" and month[5:] not in ("01", "02"))


def test_invoices_begin_as_invoices_do(run: Run) -> None:
    """No first digit stands out: chi-squared against Benford stays below its 1 % limit of 20.09."""
    digits = Counter(int(str(abs(event.data.amount.minor))[0]) for event in run.of("ActualPosted"))
    whole = sum(digits.values())
    wanted = [0.301, 0.176, 0.125, 0.097, 0.079, 0.067, 0.058, 0.051, 0.046]
    chi = sum((digits[digit] - whole * part) ** 2 / (whole * part) for digit, part in enumerate(wanted, start=1))
    assert chi < 20.09


def test_no_invoice_comes_twice_and_only_the_planted_orders_are_split(run: Run) -> None:
    posted = Counter(
        (event.data.supplier, event.data.amount.minor, event.data.initiative)
        for event in run.of("ActualPosted")
        if event not in run.beats[13] and event not in run.beats[34] and event.data.initiative
    )
    assert max(posted.values()) == 1
    orders = [event for event in run.of("CommitmentPosted") if event.data.amount.minor > 0]
    close = {
        one.data.initiative
        for one in orders
        for other in orders
        if one.at < other.at
        and (one.data.initiative, one.data.supplier) == (other.data.initiative, other.data.supplier)
        and (other.effective_on - one.effective_on).days <= 30
    }
    assert close == {"AI-0021"}


def test_text_names_nobody_of_the_real_world(run: Run) -> None:
    lines = b"\n".join(run.payloads).decode()
    assert not re.search(r"openai|anthropic|google|microsoft|mistral|jira\.|https?://", lines, re.IGNORECASE)
