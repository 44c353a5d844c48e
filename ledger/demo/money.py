"""The quiet money: an order an initiative and year, invoices through the year, forecasts each quarter.

Actual reaches about 90 % of approved in 2024, 85 % in 2025 and 60 % of 2026 by October. Amounts are spread by weights
that are even on a logarithmic scale, as amounts of real invoices are.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

from ledger.demo.portfolio import FORTY, LEADS, YEARS, Initiative, envelope
from ledger.demo.telling import Seen, Telling, cents, on, usd, workday
from schemas.events import ActualPosted, CommitmentPosted, ForecastUpdated
from schemas.values import PeriodAmount, split_by_largest_remainder

SPENT_BP = {2024: 9_200, 2025: 8_500, 2026: 6_000}
INVOICES_EACH = 3
WEIGHTS = (100, 129, 167, 215, 278, 359, 464, 599, 774)
SUPPLIERS = {
    "claims": ("Brightwater Systems", "Fenwick Data", "Ostara Consulting"),
    "uw": ("Roadwise Data", "Pelham Cloud", "Ostara Consulting"),
    "service": ("Brightwater Systems", "Harrow Voice", "Pelham Cloud"),
    "platform": ("Pelham Cloud", "Fenwick Data", "Tarn Security"),
}
SEASON = {2024: ("2024-04-08", "2024-12-12"), 2025: ("2025-03-06", "2025-12-10"), 2026: ("2026-03-05", "2026-10-15")}
"""The first day on which invoices come, and about the last."""

SEASONS_OF_THEIR_OWN = {
    ("AI-0015", 2024): ("2024-08-08", "2024-12-12"),
    ("AI-0015", 2025): ("2025-03-06", "2025-11-27"),
    ("AI-0021", 2024): ("2024-05-13", "2024-12-11"),
    ("AI-0027", 2025): ("2025-03-06", "2025-10-30"),
    ("AI-0007", 2025): ("2025-04-14", "2025-12-10"),
    ("AI-0018", 2025): ("2025-09-08", "2025-12-09"),
    ("AI-0026", 2026): ("2026-03-05", "2026-09-03"),
}
SPENT_ELSEWHERE = {("AI-0012", 2024): 5_700, ("AI-0016", 2024): 3_650}
"""Basis points, where a beat books a large part: telematics data stands on AI-0012 first, then on AI-0016."""

GROWS_LATER = {("AI-0003", 2025), ("AI-0018", 2025)}
"""More is approved in the course of the year, so less is ordered at its start."""

BY_BEATS = {("AI-0022", 2024), ("AI-0039", 2026)}


class Bill(NamedTuple):
    """An invoice to come. order: None for one without."""

    day: datetime.date
    minor: int
    order: str | None


def tell(telling: Telling) -> None:
    """Tell orders, invoices and forecasts."""
    for place, initiative in enumerate(FORTY):
        for year in YEARS:
            if initiative.in_year(year) and (initiative.id, year) not in BY_BEATS:
                spend(telling, place, initiative, year)
    forecasts(telling)


def spent_minor(place: int, initiative: Initiative, year: int) -> int:
    """Return what is spent of a year's approval, in cents: about the year's part, and never a round amount."""
    part = SPENT_ELSEWHERE.get((initiative.id, year)) or SPENT_BP[year] + ((place * 37 + year) % 7 - 3) * 120
    return initiative.in_year(year) * 10 * part - (place * 7_919 + year * 131) % 9_973


def bills(place: int, initiative: Initiative, year: int) -> list[Bill]:
    """Return a year's invoices in their order; the first ones draw on the year's order."""
    first, last = (on(day) for day in SEASONS_OF_THEIR_OWN.get((initiative.id, year), SEASON[year]))
    count = INVOICES_EACH
    weights = [WEIGHTS[(place * 5 + year + 4 * nth) % len(WEIGHTS)] for nth in range(count)]
    parts = split_by_largest_remainder(spent_minor(place, initiative, year), weights)
    drawn = 1 if (initiative.id, year) in GROWS_LATER else count - 1
    order = f"PO-{year % 100}{place + 1:02d}0"
    found = []
    part_days = ((last - first).days + 1) // count
    for nth, minor in enumerate(parts):
        day = first + datetime.timedelta(days=part_days * nth + (place * 29 + 11 * nth) % part_days)
        found.append(Bill(workday(day), minor, order if nth < drawn else None))
    return found


def spend(telling: Telling, place: int, initiative: Initiative, year: int) -> None:
    listed = bills(place, initiative, year)
    drawn = sum(bill.minor for bill in listed if bill.order)
    order = listed[0].order or ""
    supplier = SUPPLIERS[initiative.stream][(place + year) % 3]
    if initiative.id == "AI-0035":
        supplier = "Gridstone Compute"
    shared = {"envelope": envelope(initiative.stream, year), "initiative": initiative.id, "capex_opex": "opex"}
    if (initiative.id, year) != ("AI-0021", 2024):  # its two orders are beat 8
        signed = workday(listed[0].day - datetime.timedelta(days=6 + place % 9))
        still_to_come = initiative.in_year(year) * 15_000 if year == YEARS[-1] else 0
        ordered = CommitmentPosted(
            commitment=order,
            supplier=supplier,
            amount=cents(drawn + still_to_come),
            period=f"{signed:%Y-%m}",
            signed_on=signed,
            source_doc=order,
            **shared,  # type: ignore[arg-type]
        )
        telling.tell(signed, "lena", ordered)
    else:
        listed = [bill._replace(minor=minor, order=name) for bill, (minor, name) in zip(listed, CALLS, strict=True)]
    for nth, bill in enumerate(listed, start=1):
        late = (
            nth == len(listed) and place % 4 == 0 and year < YEARS[-1] and initiative.id not in ("AI-0015", "AI-0027")
        )
        effective = datetime.date(year, 12, 31) if late else bill.day
        posted = ActualPosted(
            commitment=bill.order,
            supplier=supplier if bill.order else initiative.model.partition("-")[0].title() or supplier,
            invoice=f"IN-{year % 100}{place + 1:02d}{nth}",
            amount=cents(bill.minor),
            period=f"{effective:%Y-%m}",
            category="services" if bill.order else "usage",
            posting_ref=f"AP-{year}-{place + 1:02d}-{nth}",
            **shared,  # type: ignore[arg-type]
        )
        recorded_on = workday(effective + datetime.timedelta(days=7)) if late else bill.day
        telling.tell(recorded_on, "lena", posted, time=effective)


CALLS: tuple[tuple[int, str | None], ...] = (
    (2_450_000, "PO-1041"),
    (2_050_000, "PO-1044"),
    (1_327_415, None),
)
"""What is paid for Call Summariser in 2024: the two orders of beat 8, and some usage."""


def forecasts(telling: Telling) -> None:
    """At the end of each quarter but the last what is still expected to be spent in the year."""
    for year in YEARS:
        for month, day in ((3, 27), (6, 27), (9, 27)):
            when = workday(datetime.date(year, month, day))
            if when < on("2024-06-01") or when > on("2026-10-31"):
                continue
            for initiative in FORTY:
                gone = initiative.id in ENDS and when > on(ENDS[initiative.id])
                started = initiative.id == "AI-0039" and when < on("2026-05-07")
                if initiative.in_year(year) and not gone and not started:
                    forecast(telling, when, initiative, year)
    # The fourth plan of AI-0026 is what it is now expected to cost, to the cent.
    for planned_on in ("2026-09-10", "2026-10-02"):
        forecast(telling, on(planned_on), FORTY[25], 2026)


ENDS = {"AI-0015": "2025-12-11", "AI-0022": "2024-11-21", "AI-0027": "2025-11-20"}


def forecast(telling: Telling, day: datetime.date, initiative: Initiative, year: int) -> None:
    def to_come(seen: Seen) -> ForecastUpdated:
        actual = seen.book.total("actual", envelope(initiative.stream, year), initiative.id)
        approved = seen.book.total("approved", envelope(initiative.stream, year), initiative.id)
        whole = approved * 97 // 100
        if initiative.id == "AI-0026" and day >= on("2026-09-10"):
            before = (envelope(initiative.stream, each) for each in YEARS[:-1])
            whole = usd(1_650).minor - sum(seen.book.total("actual", each, initiative.id) for each in before)
        left = max(0, whole - actual)
        return ForecastUpdated(
            initiative=initiative.id,
            as_of=day,
            estimate_to_complete=(PeriodAmount(period=f"FY{year}", amount=cents(left)),) if left else (),
            progress_bp=max(100, min(10_000, 10_000 * actual // max(1, approved))),
            finish=datetime.date(year, 12, 18) if initiative.id != "AI-0026" or year < 2026 else on("2026-10-31"),
            method="bottom-up",
            confidence="medium",
        )

    telling.tell(day, LEADS[initiative.stream], to_come)
