"""The verbs of the command line, one for each command there is: their names alone, so that listing them costs nothing.

What a verb takes is made from its command's form when the verb is first used (tui/verbs.py).
"""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """command: what it asks for, without its version. about: the field of its data that is given first, without an
    option's name; None where the options say it all. help: what it asks for, in the command's own words."""

    command: str
    about: str | None
    help: str


VERBS: dict[str, Verb] = {
    "approve": Verb(
        "ApproveFunding",
        "initiative",
        "Allow an initiative to spend from an envelope, or lower what was allowed.",
    ),
    "reallocate": Verb("ReallocateFunding", None, "Move approved money from one initiative to another."),
    "fund": Verb("FundEnvelope", "envelope", "Put money into an envelope, take it out, or move it to another."),
    "commit": Verb("PostCommitment", "commitment", "Record a contract or order."),
    "pay": Verb("PostActual", "posting_ref", "Record money that went out."),
    "forecast": Verb("UpdateForecast", "initiative", "Say what is still expected to be spent."),
    "propose": Verb("ProposeInitiative", "initiative", "Put an investment forward."),
    "amend": Verb("AmendInitiative", "initiative", "Change an initiative's description."),
    "gate": Verb("DecideGate", "initiative", "Decide a gate: go on, hold, pivot or end."),
    "discharge": Verb("DischargeCondition", "condition", "Say that a condition was met, waived or breached."),
    "baseline": Verb("SetBaseline", "initiative", "Set the plan an initiative is measured against."),
    "link": Verb("LinkInitiative", "initiative", "Tie an initiative to a backlog, a model or another initiative."),
    "request": Verb("RequestDecision", "decision", "Put a question to those who have to decide it."),
    "vote": Verb("RecordVote", "decision", "Record a vote, with its reason and dissent."),
    "close": Verb("CloseDecision", "decision", "Bring a decision to its end."),
    "declare-interest": Verb("DeclareInterest", "actor", "Declare an interest."),
    "set-objectives": Verb("SetObjectives", None, "Set all objectives and their weights."),
    "align": Verb("DeclareAlignment", "initiative", "Say which objectives an initiative serves."),
    "score": Verb("ScoreInitiative", "initiative", "Score an initiative under the prioritisation policy."),
    "rank": Verb("SetPriority", None, "Change ranks."),
    "promise": Verb("PlanBenefit", "benefit", "Promise a benefit."),
    "measure": Verb("MeasureBenefit", "benefit", "Claim, validate or reject a benefit."),
    "rate": Verb("RateAssurance", "initiative", "Rate the confidence in an initiative's delivery."),
    "assess": Verb("AssessRisk", "risk", "Judge a risk."),
    "allocate": Verb("AllocateCapacity", "pool", "Plan or report the use of capacity."),
    "report-flow": Verb("ReportFlow", "value_stream", "Report how work flowed through a value stream."),
    "change-model": Verb("ChangeModelLifecycle", "model", "Record a change of an AI model."),
    "adopt": Verb("AdoptPolicy", "kind", "Adopt a policy of one kind."),
    "authorise": Verb("SetAuthority", "authority", "Grant, change or revoke an authority."),
    "set-body": Verb("SetBody", "body", "Set up a body that decides together."),
    "enrol": Verb("EnrolActor", "actor", "Let a person act, or change or end that."),
    "reverse": Verb("ReverseEntry", "sequence", "Take an earlier entry back."),
    "close-period": Verb("ClosePeriod", "period", "Close a fiscal period, or open it again."),
    "open": Verb("OpenPortfolio", "portfolio", "Open a portfolio: its first command."),
    "anchor-checkpoint": Verb(
        "AnchorCheckpoint", None, "Record a checkpoint of this ledger in it, with the times its witnesses state."
    ),
    "erase-text": Verb("EraseText", "entry", "Say that a text kept as a commitment is erased from its vault."),
    "hold": Verb("SetHold", "hold", "Keep texts from being erased, or let them be erased again."),
}
