"""The answer to a command: Accepted or Refused, and every Reason for a refusal in the order it is checked."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class ReasonClass(enum.Enum):
    """Shape, identity and arithmetic always refuse; governance and money follow the guardrails policy."""

    SHAPE = "shape"
    IDENTITY = "identity"
    ARITHMETIC = "arithmetic"
    GOVERNANCE = "governance"
    MONEY = "money"


class Reason(enum.Enum):
    """Why a command causes nothing, in the order it is checked. The name is the code; it is never reused.

    Each has its class, whether asking again unchanged may help, and what it means.
    """

    NOT_JSON = (ReasonClass.SHAPE, False, "the command is not one line of JSON in UTF-8")
    TOO_LARGE = (ReasonClass.SHAPE, False, "the command is longer than 20,000 bytes")
    DUPLICATE_KEY = (ReasonClass.SHAPE, False, "a key stands twice in one JSON object")
    UNKNOWN_TYPE = (ReasonClass.SHAPE, False, "there is no command of this type")
    MALFORMED = (ReasonClass.SHAPE, False, "a field is missing, unknown, of the wrong type or out of its limits")

    WRONG_PORTFOLIO = (ReasonClass.IDENTITY, False, "the command was made for another ledger")
    NOT_OPEN = (ReasonClass.IDENTITY, True, "the portfolio has not been opened")
    ALREADY_OPEN = (ReasonClass.IDENTITY, False, "the portfolio has been opened before")
    COMMAND_ID_REUSED = (ReasonClass.IDENTITY, False, "the command id was accepted before, for other bytes")
    WRONG_SUBJECT = (ReasonClass.IDENTITY, False, "the subject is not what the data is about")
    RECORDED_TIME_STATED = (ReasonClass.IDENTITY, False, "only a historic import may state when it was recorded")
    RECORDED_TIME_BACKWARDS = (ReasonClass.IDENTITY, False, "the recorded time is before the last one")
    RECORDED_TIME_AHEAD = (ReasonClass.IDENTITY, True, "the recorded time is in the future")
    INITIATIVE_EXISTS = (ReasonClass.IDENTITY, False, "the initiative has been proposed before")
    UNKNOWN_INITIATIVE = (ReasonClass.IDENTITY, True, "no such initiative has been proposed")
    UNKNOWN_ENVELOPE = (ReasonClass.IDENTITY, True, "no such envelope has been funded")
    UNKNOWN_OBJECTIVE = (ReasonClass.IDENTITY, True, "no such objective is set on that day")
    OBJECTIVE_MISSING = (ReasonClass.IDENTITY, False, "an objective set before is left out; list it as retired")
    OBJECTIVE_TWICE = (ReasonClass.IDENTITY, False, "an objective stands twice")
    UNKNOWN_COMMITMENT = (ReasonClass.IDENTITY, True, "no such commitment stands on that envelope and initiative")
    POSTING_REF_LIVE = (ReasonClass.IDENTITY, False, "the posting reference has been used and not reversed")
    UNKNOWN_ENTRY = (ReasonClass.IDENTITY, True, "no such entry, or it is no event")
    ALREADY_REVERSED = (ReasonClass.IDENTITY, False, "the entry has been reversed before")
    IS_REVERSAL = (ReasonClass.IDENTITY, False, "a reversal is not reversed; record the entry again")
    NOT_REVERSIBLE = (ReasonClass.IDENTITY, False, "entries of this type stand for ever")
    NOT_NEWEST = (ReasonClass.IDENTITY, False, "only the newest entry of its subject and type can be reversed")
    NOTHING_CHANGES = (ReasonClass.IDENTITY, False, "the command would change nothing")
    INITIATIVE_ENDED = (ReasonClass.IDENTITY, False, "the initiative was killed, completed or merged")
    SELF_REFERENCE = (ReasonClass.IDENTITY, False, "something is set against itself")
    STAGE_MISMATCH = (ReasonClass.IDENTITY, True, "the initiative is in another stage")
    OBJECTIVE_RETIRED = (ReasonClass.IDENTITY, False, "the objective is retired on that day")
    OBJECTIVE_HAS_SHARES = (ReasonClass.IDENTITY, False, "initiatives serve the retired objective; name successors")

    WRONG_CURRENCY = (ReasonClass.ARITHMETIC, False, "the currency is not the one used there")
    ZERO_AMOUNT = (ReasonClass.ARITHMETIC, False, "an amount of zero moves nothing")
    WRONG_SIGN = (ReasonClass.ARITHMETIC, False, "the sign of the amount does not fit its kind")
    OUT_OF_RANGE = (ReasonClass.ARITHMETIC, False, "the sum would pass the largest amount the ledger can hold")
    WEIGHTS_SUM = (ReasonClass.ARITHMETIC, False, "weights of active objectives do not sum to 10,000")
    SHARES_SUM = (ReasonClass.ARITHMETIC, False, "shares do not sum as they must")
    LEG_MISSING = (ReasonClass.ARITHMETIC, False, "a transfer or carry-forward does not name its other leg")
    BASELINE_NUMBER = (ReasonClass.ARITHMETIC, True, "the baseline number is not the last one plus one")
    FINISH_BEFORE_START = (ReasonClass.ARITHMETIC, False, "the finish is before the start")
    FORECAST_DATE = (ReasonClass.ARITHMETIC, False, "the forecast is dated ahead, or older than the last")

    OVER_ENVELOPE = (ReasonClass.MONEY, False, "more is approved from the envelope than it was funded with")
    OVER_APPROVED = (ReasonClass.MONEY, False, "more is committed or spent than was approved for the initiative")
    OVER_COMMITMENT = (ReasonClass.MONEY, False, "more is spent on the commitment than it holds")
    AFTER_END = (ReasonClass.MONEY, False, "the initiative had ended")

    def __init__(self, of_class: ReasonClass, again: bool, meaning: str) -> None:
        self.of_class, self.again, self.meaning = of_class, again, meaning


class EventPlace(msgspec.Struct, frozen=True):
    """Where one event of a command stands."""

    sequence: int
    id: str
    type: str


class Accepted(msgspec.Struct, frozen=True, tag_field="status", tag="accepted"):
    """The command is history. sequence: of its last event. events: all of them, in order."""

    sequence: int
    events: tuple[EventPlace, ...]


class Refused:
    """The command causes nothing, and why. detail: the field or figures that decided it."""

    __slots__ = ("detail", "reason")

    def __init__(self, reason: Reason, **detail: Any) -> None:
        self.reason, self.detail = reason, detail

    def __repr__(self) -> str:
        return f"Refused({self.reason.name}, {self.detail})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and (self.reason, self.detail) == (other.reason, other.detail)

    def __hash__(self) -> int:
        return hash(self.reason)


Receipt = Accepted | Refused


def receipt_as_dict(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt in the words of its JSON.

    Shape: {"status": "accepted", "sequence", "events": [{"sequence", "id", "type"}]} or
    {"status": "refused", "reason", "meaning", "again", "detail"}.
    """
    if isinstance(receipt, Refused):
        reason = receipt.reason
        detail = msgspec.to_builtins(receipt.detail)
        return {
            "status": "refused",
            "reason": reason.name,
            "meaning": reason.meaning,
            "again": reason.again,
            "detail": detail,
        }
    return {"status": "accepted", **msgspec.to_builtins(receipt)}
