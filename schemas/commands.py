"""What an outsider may ask: commands as pydantic models, and errors a person understands.

    {"type":"ApproveFunding.v1","portfolio":"ai-2026-5f3a9c01","commandid":"9b1d...","actor":"ana",
     "subject":"initiative/AI-0042","time":"2026-11-20","data":{"initiative":"AI-0042","envelope":"claims",
     "kind":"tranche","amount":{"minor":5000000,"currency":"USD"},"capex_opex":"opex"}}

One JSON line of at most 20,000 bytes. `data` has the shape of the fact the command asks for.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
)

from schemas import events
from schemas.receipts import Reason, Refused
from schemas.values import Day, Id, Origin, Reference

MAX_COMMAND_BYTES = 20_000


def _written_instant(value: Any) -> Any:
    """Take an instant as it is written in JSON, within the calendar whatever its zone."""
    if isinstance(value, str) and re.match(r"(0[1-9]|[1-9]\d)\d\d-\d{2}-\d{2}[Tt ]", value) and value[:4] != "9999":
        return value
    raise ValueError("must be an instant such as 2026-03-31T18:00:00Z")


WrittenInstant = Annotated[AwareDatetime, Strict(False), BeforeValidator(_written_instant)]


class Command(BaseModel):
    """What every command says.

    portfolio: the ledger's origin. commandid: chosen by the sender; sending it again gives the same receipt.
    time: the day it is to be true from. seen: the last sequence the sender had read. recordedtime: when the source
    published it, in a historic import only. basis, decidedon: for what was decided elsewhere and is entered here.
    flagreason: why it should pass although a guardrail flags it.
    """

    # Each is built when it is first used: all of them take a quarter of a second that most programs need not wait.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)
    FACT: ClassVar[type[events.Fact]]

    type: str
    portfolio: Origin
    commandid: Id
    actor: Id
    onbehalfof: Id | None = None
    subject: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,32}/[A-Za-z0-9_-]{1,64}$")]
    time: Day
    decidedon: Day | None = None
    decisionid: Id | None = None
    causationid: Id | None = None
    correlationid: Id | None = None
    seen: Annotated[int, Field(ge=0, le=2**53)] | None = None
    recordedtime: WrittenInstant | None = None
    basis: Literal["ordinary", "emergency", "minuted", "ratified"] = "ordinary"
    flagreason: Annotated[str, StringConstraints(min_length=1, max_length=4_000)] | None = None
    sourceref: Reference | None = None
    data: Any


class EnrolActor(Command):
    """Let a person act, or change or end that."""

    FACT = events.ActorEnrolled
    type: Literal["EnrolActor.v1"]
    data: events.ActorEnrolled


class SetObjectives(Command):
    """Set all objectives and their weights."""

    FACT = events.ObjectivesSet
    type: Literal["SetObjectives.v1"]
    data: events.ObjectivesSet


class AdoptPolicy(Command):
    """Adopt a policy of one kind."""

    FACT = events.PolicyAdopted
    type: Literal["AdoptPolicy.v1"]
    data: events.PolicyAdopted


class SetAuthority(Command):
    """Grant, change or revoke an authority."""

    FACT = events.AuthoritySet
    type: Literal["SetAuthority.v1"]
    data: events.AuthoritySet


class FundEnvelope(Command):
    """Put money into an envelope, take it out, or move it to another."""

    FACT = events.EnvelopeFunded
    type: Literal["FundEnvelope.v1"]
    data: events.EnvelopeFunded


class ProposeInitiative(Command):
    """Put an investment forward."""

    FACT = events.InitiativeProposed
    type: Literal["ProposeInitiative.v1"]
    data: events.InitiativeProposed


class DeclareAlignment(Command):
    """Say which objectives an initiative serves."""

    FACT = events.AlignmentDeclared
    type: Literal["DeclareAlignment.v1"]
    data: events.AlignmentDeclared


class ScoreInitiative(Command):
    """Score an initiative under the prioritisation policy."""

    FACT = events.InitiativeScored
    type: Literal["ScoreInitiative.v1"]
    data: events.InitiativeScored


class SetPriority(Command):
    """Change ranks."""

    FACT = events.PrioritySet
    type: Literal["SetPriority.v1"]
    data: events.PrioritySet


class SetBaseline(Command):
    """Set the plan an initiative is measured against."""

    FACT = events.BaselineSet
    type: Literal["SetBaseline.v1"]
    data: events.BaselineSet


class LinkInitiative(Command):
    """Tie an initiative to a backlog, a model or another initiative."""

    FACT = events.InitiativeLinked
    type: Literal["LinkInitiative.v1"]
    data: events.InitiativeLinked


class RequestDecision(Command):
    """Put a question to those who have to decide it."""

    FACT = events.DecisionRequested
    type: Literal["RequestDecision.v1"]
    data: events.Question


class RecordVote(Command):
    """Record a vote, with its reason and dissent."""

    FACT = events.VoteRecorded
    type: Literal["RecordVote.v1"]
    data: events.VoteRecorded


class ApproveFunding(Command):
    """Allow an initiative to spend from an envelope, or lower what was allowed."""

    FACT = events.FundingApproved
    type: Literal["ApproveFunding.v1"]
    data: events.FundingApproved


class ReallocateFunding(Command):
    """Move approved money from one initiative to another."""

    FACT = events.FundingReallocated
    type: Literal["ReallocateFunding.v1"]
    data: events.FundingReallocated


class DecideGate(Command):
    """Decide a gate: go on, hold, pivot or end."""

    FACT = events.GateDecided
    type: Literal["DecideGate.v1"]
    data: events.GateDecided


class DischargeCondition(Command):
    """Say that a condition was met, waived or breached."""

    FACT = events.ConditionDischarged
    type: Literal["DischargeCondition.v1"]
    data: events.ConditionDischarged


class PostCommitment(Command):
    """Record a contract or order."""

    FACT = events.CommitmentPosted
    type: Literal["PostCommitment.v1"]
    data: events.CommitmentPosted


class PostActual(Command):
    """Record money that went out."""

    FACT = events.ActualPosted
    type: Literal["PostActual.v1"]
    data: events.ActualPosted


class UpdateForecast(Command):
    """Say what is still expected to be spent."""

    FACT = events.ForecastUpdated
    type: Literal["UpdateForecast.v1"]
    data: events.ForecastUpdated


class RateAssurance(Command):
    """Rate the confidence in an initiative's delivery."""

    FACT = events.AssuranceRated
    type: Literal["RateAssurance.v1"]
    data: events.AssuranceRated


class AssessRisk(Command):
    """Judge a risk."""

    FACT = events.RiskAssessed
    type: Literal["AssessRisk.v1"]
    data: events.RiskAssessed


class ReportFlow(Command):
    """Report how work flowed through a value stream."""

    FACT = events.FlowReported
    type: Literal["ReportFlow.v1"]
    data: events.FlowReported


class AllocateCapacity(Command):
    """Plan or report the use of capacity."""

    FACT = events.CapacityAllocated
    type: Literal["AllocateCapacity.v1"]
    data: events.CapacityAllocated


class PlanBenefit(Command):
    """Promise a benefit."""

    FACT = events.BenefitPlanned
    type: Literal["PlanBenefit.v1"]
    data: events.BenefitPlanned


class MeasureBenefit(Command):
    """Claim, validate or reject a benefit."""

    FACT = events.BenefitMeasured
    type: Literal["MeasureBenefit.v1"]
    data: events.BenefitMeasured


class ChangeModelLifecycle(Command):
    """Record a change of an AI model."""

    FACT = events.ModelLifecycleChanged
    type: Literal["ChangeModelLifecycle.v1"]
    data: events.ModelLifecycleChanged


class ReverseEntry(Command):
    """Take an earlier entry back."""

    FACT = events.EntryReversed
    type: Literal["ReverseEntry.v1"]
    data: events.EntryReversed


class ClosePeriod(Command):
    """Close a fiscal period, or open it again."""

    FACT = events.PeriodClosed
    type: Literal["ClosePeriod.v1"]
    data: events.Closing


class OpenPortfolio(Command):
    """Open a portfolio: its first command."""

    FACT = events.PortfolioOpened
    type: Literal["OpenPortfolio.v1"]
    data: events.PortfolioOpened


class AmendInitiative(Command):
    """Change an initiative's description."""

    FACT = events.InitiativeAmended
    type: Literal["AmendInitiative.v1"]
    data: events.InitiativeAmended


class CloseDecision(Command):
    """Bring a decision to its end."""

    FACT = events.DecisionClosed
    type: Literal["CloseDecision.v1"]
    data: events.DecisionClosed


class SetBody(Command):
    """Set up a body that decides together."""

    FACT = events.BodySet
    type: Literal["SetBody.v1"]
    data: events.BodySet


class DeclareInterest(Command):
    """Declare an interest."""

    FACT = events.InterestDeclared
    type: Literal["DeclareInterest.v1"]
    data: events.InterestDeclared


class AnchorCheckpoint(Command):
    """Record a checkpoint of this ledger in it, with the times its witnesses state."""

    FACT = events.CheckpointAnchored
    type: Literal["AnchorCheckpoint.v1"]
    data: events.Anchoring


class EraseText(Command):
    """Say that a text kept as a commitment is erased from its vault."""

    FACT = events.TextErased
    type: Literal["EraseText.v1"]
    data: events.TextErased


class SetHold(Command):
    """Keep texts from being erased, or let them be erased again."""

    FACT = events.HoldSet
    type: Literal["SetHold.v1"]
    data: events.HoldSet


COMMANDS: tuple[type[Command], ...] = (
    EnrolActor,
    SetObjectives,
    AdoptPolicy,
    SetAuthority,
    FundEnvelope,
    ProposeInitiative,
    DeclareAlignment,
    ScoreInitiative,
    SetPriority,
    SetBaseline,
    LinkInitiative,
    RequestDecision,
    RecordVote,
    ApproveFunding,
    ReallocateFunding,
    DecideGate,
    DischargeCondition,
    PostCommitment,
    PostActual,
    UpdateForecast,
    RateAssurance,
    AssessRisk,
    ReportFlow,
    AllocateCapacity,
    PlanBenefit,
    MeasureBenefit,
    ChangeModelLifecycle,
    ReverseEntry,
    ClosePeriod,
    OpenPortfolio,
    AmendInitiative,
    CloseDecision,
    SetBody,
    DeclareInterest,
    AnchorCheckpoint,
    EraseText,
    SetHold,
)

BY_TYPE: dict[str, type[Command]] = {f"{command.__name__}.v1": command for command in COMMANDS}


def parse(line: bytes) -> Command | Refused:
    """Return the command a line holds, or why it holds none: the field, the value, and what is allowed."""
    if len(line) > MAX_COMMAND_BYTES:
        return Refused(Reason.TOO_LARGE, bytes=len(line), limit=MAX_COMMAND_BYTES)
    try:
        text = line.decode()
        if "\n" in text or "\r" in text:
            return Refused(Reason.NOT_JSON, problem="it is more than one line")
        plain, fraction = _decoded(line, text)
    except _DuplicateKeyError as error:
        return Refused(Reason.DUPLICATE_KEY, field=str(error))
    except (ValueError, RecursionError) as error:
        return Refused(Reason.NOT_JSON, problem=str(error) or type(error).__name__)
    if not isinstance(plain, dict):
        return Refused(Reason.NOT_JSON, problem=f"a command is a JSON object, this is a {type(plain).__name__}")
    asked = plain.get("type")
    model = BY_TYPE.get(asked) if isinstance(asked, str) else None
    if model is None:
        return Refused(Reason.UNKNOWN_TYPE, field="type", value=_shown(asked), allowed=sorted(BY_TYPE))
    if fraction is not None:
        place, number = fraction
        problem = "must be an integer: money is in minor units, shares in basis points"
        return Refused(Reason.MALFORMED, field=".".join(place), value=number, problem=problem)
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        told = _first_problem(error)
        return Refused(Reason.MALFORMED if "field" in told else Reason.NOT_JSON, **told)


def _decoded(line: bytes, text: str) -> tuple[Any, tuple[list[str], str] | None]:
    """Return what a line holds, and its first number that is no integer. Errors: ValueError, _DuplicateKeyError.

    Most senders write JSON as msgspec does. Such a line is known by writing it again: a key that stood twice would be
    gone. That is ten times as fast as to look at each key.
    """
    try:
        plain = msgspec.json.decode(line)
        if line[:1] == b"{" and _MAYBE_FRACTION.search(line) is None and msgspec.json.encode(plain) == line:
            return plain, None
    except (ValueError, RecursionError):
        pass  # what is wrong with it is told in the words of json
    return _slowly(text)


def _slowly(text: str) -> tuple[Any, tuple[list[str], str] | None]:
    """Do what _decoded does for any line, looking at each key."""
    plain = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant, parse_float=_Fraction)
    return plain, _find_fraction(plain)


_MAYBE_FRACTION = re.compile(rb"[:,\[][-0-9][0-9]*[.eE]")
"""A number that is no integer, in JSON without spaces; perhaps also part of a text."""


def _first_problem(error: ValidationError) -> dict[str, Any]:
    problems = error.errors(include_url=False)
    first = problems[0]
    if first["type"] == "json_invalid":
        return {"problem": first["msg"]}
    place = [str(step) for step in first["loc"] if not str(step).startswith(("function-", "constrained-"))]
    told: dict[str, Any] = {
        "field": ".".join(place),
        "value": _shown(first["input"]),
        "problem": first["msg"].removeprefix("Value error, "),
    }
    pattern = first.get("ctx", {}).get("pattern")
    if pattern in _ALLOWED:
        told["problem"] = f"must be {_ALLOWED[pattern]}"
    if first["type"] == "missing":
        del told["value"]
    if len(problems) > 1:
        told["problems"] = len(problems)
    return told


_ALLOWED = {
    "^[A-Za-z0-9_-]{1,64}$": "an id: letters, digits, hyphen and underscore, 1 to 64 of them",
    "^[A-Z]{3}$": "an ISO 4217 currency code: three capital letters, such as USD",
    "^-?[0-9]{1,15}(\\.[0-9]{1,6})?$": "a decimal number as text, such as 4.1, with at most six decimals",
    "^(FY)?[1-8][0-9]{3}(-(Q[1-4]|H[12]|0[1-9]|1[0-2]))?$": "a period: FY2026, FY2026-Q3, 2026, 2026-Q3 or 2026-07",
    "^[A-Za-z0-9_-]{1,64}-[0-9a-f]{8}$": "a ledger's origin: the portfolio, a hyphen and eight hex digits",
    "^[a-z]{1,32}/[A-Za-z0-9_-]{1,64}$": "what the command is about, such as initiative/AI-0042",
    "^[0-9a-f]{64}$": "a SHA-256 in 64 lower-case hex digits",
}


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


class _DuplicateKeyError(ValueError):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return found


class _Fraction(str):
    """A number that is no integer, as it was written."""

    __slots__ = ()


def _find_fraction(value: Any) -> tuple[list[str], str] | None:
    """Return the way to the first number inside a JSON value that is no integer, and the number as written."""
    if isinstance(value, _Fraction):
        return [], str(value)
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, held in inner:
        if isinstance(held, dict | list | _Fraction) and (found := _find_fraction(held)):
            return [str(step), *found[0]], found[1]
    return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
