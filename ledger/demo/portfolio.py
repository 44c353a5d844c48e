"""The forty initiatives of Northwind Mutual, the envelopes they are paid from, and who speaks for each value stream.

Approved amounts are what a fiscal year ends with, in thousands of dollars; the beats say how it came to that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

YEARS = (2024, 2025, 2026)

ENVELOPES = {
    "claims": (4_000, 5_500, 6_000),
    "uw": (2_500, 3_000, 3_000),
    "service": (3_000, 4_000, 4_500),
    "platform": (2_500, 3_500, 3_500),
}
"""What each value stream is first funded with in each of the YEARS, in thousands."""

OWNERS = {"claims": "chike", "service": "chike", "uw": "marta", "platform": "farid"}
SPONSORS = {"claims": "tomas", "service": "jon", "uw": "nadia", "platform": "sam"}
LEADS = {"claims": "petra", "service": "ivo", "uw": "ruth", "platform": "kofi"}


class Initiative(NamedTuple):
    """One of the forty. serves, declares: objective and share in percent, at first and from 2026-02-12.

    model: what it runs on at the start. value, novelty: scores of 100. approved: thousands in each of the YEARS.
    """

    id: str
    title: str
    stream: str
    serves: str
    model: str
    value: int
    novelty: int
    approved: tuple[int, int, int]
    declares: str = ""

    @property
    def sponsor(self) -> str:
        """Who wants it; of the GPU reserve that is the owner of the value stream himself."""
        return "farid" if self.id == "AI-0035" else SPONSORS[self.stream]

    def in_year(self, year: int) -> int:
        return self.approved[YEARS.index(year)]

    def first_year(self) -> int:
        return next(year for year in YEARS if self.in_year(year))


# fmt: off
_ROWS: tuple[tuple[Any, ...], ...] = (
    # title                           stream      serves                 model       value novelty 2024 2025 2026
    ("Same-Day Glass Claims",         "claims",   "CLAIMS 100",          "orion-2",        88, 60, (600, 300, 150)),
    ("Photo Damage Estimator",        "claims",   "CLAIMS 70 COST 30",   "orion-vision-1", 60, 82, (700, 450, 200)),
    ("Straight-Through Household",    "claims",   "CLAIMS 80 COST 20",   "orion-2",        84, 58, (500, 1050, 400)),
    ("Claims Fraud Graph",            "claims",   "FRAUD 100",           "own",            86, 66, (650, 700, 650)),
    ("Organised-Fraud Link Finder",   "claims",   "FRAUD 100",           "heron-70b",      74, 72, (0, 500, 600)),
    ("Storm Surge Triage",            "claims",   "CLAIMS 60 SERVE 40",  "orion-2",        80, 44, (250, 200, 200)),
    ("Claims Copilot",                "claims",   "CLAIMS 60 SERVE 25",  "orion-2",        70, 90, (1200, 1250, 800)),
    ("Invoice Anomaly Check",         "claims",   "FRAUD 60 COST 40",    "orion-mini",     68, 42, (0, 350, 250)),
    ("Repair Network Matcher",        "claims",   "CLAIMS 50 COST 50",   "own",            62, 55, (0, 400, 350)),
    ("Injury File Summaries",         "claims",   "CLAIMS 50 SERVE 20",  "orion-2",        82, 61, (0, 450, 500),
     "CLAIMS 50 SERVE 20 TRUST 20"),
    ("Broker Submission Reader",      "uw",       "PRICE 70 COST 30",    "orion-2",        75, 52, (500, 300, 200)),
    ("Flood Imagery Scoring",         "uw",       "PRICE 100",           "own",            64, 70, (450, 400, 250)),
    ("Small-Business Quote Agent",    "uw",       "PRICE 60 SERVE 40",   "orion-2",        78, 56, (300, 600, 500)),
    ("Renewal Price Explainer",       "uw",       "PRICE 50",            "orion-mini",     71, 46, (0, 350, 400),
     "PRICE 50 TRUST 50"),
    ("Marine Wordings Comparer",      "uw",       "PRICE 80 COST 20",    "orion-2",        57, 38, (400, 250, 0)),
    ("Driver Telematics Model",       "uw",       "PRICE 60 FRAUD 40",   "own",            66, 62, (350, 400, 300)),
    ("Accumulation Watch",            "uw",       "PRICE 70",            "own",            63, 49, (0, 150, 300)),
    ("Treaty Reader",                 "uw",       "PRICE 50 COST 50",    "orion-2",        61, 41, (0, 380, 150)),
    ("Contact-Centre Knowledge Agent", "service", "SERVE 100",           "orion-2",        69, 78, (700, 650, 500)),
    ("Multilingual Letters",          "service",  "SERVE 70 COST 30",    "orion-2",        65, 40, (300, 250, 250)),
    ("Call Summariser",               "service",  "SERVE 50 COST 50",    "orion-mini",     56, 32, (65, 150, 100)),
    ("Branch Avatar",                 "service",  "SERVE 30",            "orion-voice",    40, 95, (290, 0, 0)),
    ("Complaint Root-Cause Finder",   "service",  "SERVE 60 COST 40",    "orion-mini",     73, 47, (0, 300, 300),
     "SERVE 60 TRUST 40"),
    ("Renewal Nudges",                "service",  "SERVE 50 PRICE 20",   "orion-mini",     35, 30, (250, 400, 150)),
    ("Vulnerable-Customer Signals",   "service",  "SERVE 80",            "own",            79, 67, (0, 450, 450),
     "SERVE 80 TRUST 20"),
    ("Self-Service Assistant",        "service",  "SERVE 100",           "orion-2",        77, 64, (350, 700, 600)),
    ("Voice Biometrics Login",        "service",  "FRAUD 60 SERVE 40",   "vocalis-id",     50, 68, (200, 350, 0)),
    ("Caller Identity Check",         "service",  "FRAUD 70 SERVE 30",   "vocalis-id",     67, 53, (0, 300, 400)),
    ("Model Gateway",                 "platform", "CLAIMS 30 FRAUD 20 SERVE 30 PRICE 20",
     "orion-mini orion-vision-1 heron-70b calder-1 own",                                   55, 75, (900, 800, 600)),
    ("Feature Store",                 "platform", "CLAIMS 25 FRAUD 40 PRICE 35", "",       72, 45, (600, 400, 200)),
    ("Prompt Library",                "platform", "COST 50 SERVE 50",    "orion-mini",     30, 20, (45, 100, 50)),
    ("AI Risk Workbench",             "platform", "",                    "own",            52, 35, (200, 350, 500),
     "TRUST 100"),
    ("Document Ingestion Service",    "platform", "CLAIMS 40 PRICE 40 COST 20", "",        58, 48, (400, 300, 250)),
    ("Synthetic Test Data",           "platform", "COST 40",             "heron-70b",      33, 43, (0, 350, 150)),
    ("GPU Capacity Reserve",          "platform", "CLAIMS 30 FRAUD 30 PRICE 20 SERVE 20", "", 54, 39, (0, 900, 700)),
    ("Contract Reader",               "platform", "COST 100",            "orion-2",        59, 28, (150, 200, 100)),
    ("Catastrophe Claims Desk",       "claims",   "CLAIMS 70 SERVE 30",  "orion-3",        85, 74, (0, 0, 700)),
    ("Storm Messenger",               "service",  "SERVE 60 CLAIMS 40",  "orion-3",        76, 65, (0, 0, 350)),
    ("Innovation Lab Sandbox",        "platform", "SERVE 50",            "orion-3 heron-70b", 38, 88, (0, 0, 300)),
    ("Explainability Pack",           "platform", "TRUST 100",           "own",            81, 50, (0, 0, 450)),
)
# fmt: on
FORTY = tuple(Initiative(f"AI-{place:04d}", *row) for place, row in enumerate(_ROWS, start=1))
"""AI-0033 runs on orion-2 too, from 2024-05-06; nobody declares it before 2026-01-12."""

BY_ID = {initiative.id: initiative for initiative in FORTY}

AT_FIRST: dict[tuple[str, int], int] = {
    ("AI-0003", 2025): 600,
    ("AI-0006", 2025): 350,
    ("AI-0007", 2025): 900,
    ("AI-0009", 2025): 600,
    ("AI-0018", 2025): 200,
    ("AI-0022", 2024): 600,
}
"""What a round approves where a later beat changes it, in thousands."""

OUTSIDE_THE_ROUNDS = {("AI-0015", 2024), ("AI-0021", 2024), ("AI-0039", 2026)}
"""Approved by beats of their own."""


def envelope(stream: str, year: int) -> str:
    """Return the envelope of a value stream in a fiscal year."""
    return f"{stream}-{year}"


def shares(text: str) -> list[tuple[str, int]]:
    """Return objectives and shares in basis points of a text such as `CLAIMS 70 COST 30`."""
    words = text.split()
    return [(name, 100 * int(percent)) for name, percent in zip(words[::2], words[1::2], strict=True)]


def round_of(year: int) -> list[tuple[Initiative, int]]:
    """Return what the round of a year approves: initiatives and thousands."""
    return [
        (each, AT_FIRST.get((each.id, year), each.in_year(year)))
        for each in FORTY
        if each.in_year(year) and (each.id, year) not in OUTSIDE_THE_ROUNDS
    ]
