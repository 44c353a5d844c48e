"""Templates: a form about an initiative, begun with what the portfolio knows of it.

What the ledger can work out is filled in: the stage a gate is from, the number of the next plan, the rank an initiative
had. A fact that replaces the one before begins as that one. What has to be said anew, such as a reason, is left empty.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import msgspec

from ledger.book import AMENDABLE, Book
from ledger.rules.watching import ranking
from schemas import commands as c
from schemas.events import (
    AlignmentDeclared,
    AssuranceRated,
    BaselineSet,
    Fact,
    ForecastUpdated,
    InitiativeScored,
)
from tui.model.forms import Texts, form_of, texts_in

Begun = dict[str, Any]


def template(command: type[c.Command], book: Book, initiative: str, *, day: datetime.date) -> Texts:
    """Return what is written in a form about an initiative before anybody writes.

    day: the day it is to be true from. Errors: KeyError where the command is not about one initiative.
    """
    return texts_in(form_of(command), TEMPLATES[command](book, initiative, day), {"time": str(day)})


def blank(command: type[c.Command], book: Book, *, day: datetime.date) -> Texts:
    """Return what is written in any form before anybody writes: its day, and the portfolio where it names one."""
    form = form_of(command)
    named = any(spec.name == "portfolio" for spec in form.data)
    return texts_in(form, {"portfolio": book.portfolio} if named else {}, {"time": str(day)})


def origin(book: Book, texts: Texts) -> str:
    """Return the ledger a form's command is for: this one's origin; the one it opens; before that, its name."""
    if book.opened is not None:
        return book.opened.log_origin
    return texts.get("data.log_origin") or book.portfolio


def _about(_: Book, initiative: str, __: datetime.date) -> Begun:
    return {"initiative": initiative}


def _funding(book: Book, initiative: str, day: datetime.date) -> Begun:
    envelope = _envelope(book, initiative)
    begun = {"initiative": initiative, "kind": "initial" if envelope is None else "tranche", **_in(envelope)}
    return begun | {"period": book.fiscal_year(day)}


def _spending(book: Book, initiative: str, day: datetime.date) -> Begun:
    return {"initiative": initiative, "period": f"{day:%Y-%m}", **_in(_envelope(book, initiative))}


def _reallocation(book: Book, initiative: str, _: datetime.date) -> Begun:
    return {"to": {"initiative": initiative, **_in(_envelope(book, initiative))}}


def _gate(book: Book, initiative: str, day: datetime.date) -> Begun:
    stage = book.stage(initiative)
    policy = book.policy("gates", day)
    gates = [] if policy is None else [gate for gate in policy.fact.body.gates if gate.stage_from == stage]
    begun: Begun = {"initiative": initiative, "stage_from": stage}
    if gates:
        must = [{"criterion": criterion} for criterion in gates[0].must]
        begun |= {"gate": gates[0].gate, "stage_to": gates[0].stage_to, "must": must}
    return begun


def _amendment(book: Book, initiative: str, day: datetime.date) -> Begun:
    told = book.description(initiative, day)
    return {"initiative": initiative} | {name: _plain(told[name]) for name in AMENDABLE if told[name] is not None}


def _baseline(book: Book, initiative: str, _: datetime.date) -> Begun:
    before = book.newest(f"initiative/{initiative}", BaselineSet)
    number = 1 if before is None else before.number + 1
    return {"initiative": initiative, **_kept(before, "cost", "start", "finish", "scope_ref"), "number": number}


def _forecast(book: Book, initiative: str, day: datetime.date) -> Begun:
    before = book.newest(f"initiative/{initiative}", ForecastUpdated)
    kept = _kept(before, "estimate_to_complete", "progress_bp", "finish", "method", "confidence")
    return {"initiative": initiative, **kept, "as_of": str(day)}


def _alignment(book: Book, initiative: str, _: datetime.date) -> Begun:
    before = book.newest(f"initiative/{initiative}", AlignmentDeclared)
    return {"initiative": initiative, **_kept(before, "contributions")}


def _scores(book: Book, initiative: str, day: datetime.date) -> Begun:
    """The criteria of the policy that holds, with the scores given before where there are any."""
    policy = book.policy("prioritisation", day)
    before = book.newest(f"initiative/{initiative}", InitiativeScored)
    begun: Begun = {"initiative": initiative, **_kept(before, "cost_of_delay", "job_size")}
    if policy is None:
        return begun
    given = {} if before is None else {score.criterion: score.score for score in before.scores}
    scores = [
        {"criterion": each.id, **({"score": given[each.id]} if each.id in given else {})}
        for each in policy.fact.body.criteria
    ]
    return begun | {"model_version": policy.fact.version, "scores": scores}


def _rank(book: Book, initiative: str, _: datetime.date) -> Begun:
    was = ranking(book).get(initiative)
    return {
        "portfolio": book.portfolio,
        "moves": [{"initiative": initiative, **({} if was is None else {"was": was})}],
    }


def _assurance(book: Book, initiative: str, day: datetime.date) -> Begun:
    before = book.newest(f"initiative/{initiative}", AssuranceRated)
    return {"initiative": initiative, **_kept(before, "body", "scale"), "as_at": str(day)}


def _request(book: Book, initiative: str, day: datetime.date) -> Begun:
    options = [{}, {"option": "nothing", "title": "Do nothing", "do_nothing": True}]
    presented = {"as_known": book.sequence, "as_of": str(day)}
    return {"subjects": [f"initiative/{initiative}"], "options": options, "presented": presented}


def _benefit(_: Book, initiative: str, __: datetime.date) -> Begun:
    return {"initiatives": [{"initiative": initiative, "share_bp": 10_000}]}


def _interest(_: Book, initiative: str, __: datetime.date) -> Begun:
    return {"in": {"kind": "initiative", "id": initiative}}


def _capacity(_: Book, initiative: str, day: datetime.date) -> Begun:
    return {"initiative": initiative, "kind": "planned", "period": f"{day.year}-Q{(day.month + 2) // 3}"}


TEMPLATES: dict[type[c.Command], Callable[[Book, str, datetime.date], Begun]] = {
    c.ApproveFunding: _funding,
    c.ReallocateFunding: _reallocation,
    c.DecideGate: _gate,
    c.SetPriority: _rank,
    c.RequestDecision: _request,
    c.DeclareAlignment: _alignment,
    c.SetBaseline: _baseline,
    c.UpdateForecast: _forecast,
    c.AmendInitiative: _amendment,
    c.ScoreInitiative: _scores,
    c.RateAssurance: _assurance,
    c.AssessRisk: _about,
    c.LinkInitiative: _about,
    c.AllocateCapacity: _capacity,
    c.PlanBenefit: _benefit,
    c.PostCommitment: _spending,
    c.PostActual: _spending,
    c.DeclareInterest: _interest,
}
"""The commands that can be about an initiative, most wanted first, and how each begins."""


def _envelope(book: Book, initiative: str) -> str | None:
    """Return the envelope that the initiative was last funded from for the first time, None where it never was."""
    of_it = [key[1] for key in book.sums if key[0] == "approved" and key[2] == initiative and key[3] is None]
    return of_it[-1] if of_it else None


def _in(envelope: str | None) -> Begun:
    return {} if envelope is None else {"envelope": envelope}


def _kept(before: Fact | None, *names: str) -> Begun:
    """Return these fields of a fact as JSON, those that say something."""
    return (
        {} if before is None else {name: told for name in names if (told := _plain(getattr(before, name))) is not None}
    )


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
