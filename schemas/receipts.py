"""The answer to a command: Accepted or Refused, and every Reason for a refusal in the order it is checked."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class ReasonClass(enum.Enum):
    """Shape, identity and arithmetic always refuse; governance and money follow the guardrails policy.

    Service: nothing was decided, and nothing is kept of it.
    """

    SHAPE = "shape"
    IDENTITY = "identity"
    ARITHMETIC = "arithmetic"
    GOVERNANCE = "governance"
    MONEY = "money"
    SERVICE = "service"


class Reason(enum.Enum):
    """Why a command causes nothing, in the order it is checked. The name is the code; it is never reused.

    Each has its class, whether asking again unchanged may help, and what it means.
    """

    NOT_JSON = (ReasonClass.SHAPE, False, "the command is not one line of JSON in UTF-8")
    TOO_LARGE = (ReasonClass.SHAPE, False, "the command is longer than 20,000 bytes")
    DUPLICATE_KEY = (ReasonClass.SHAPE, False, "a key stands twice in one JSON object")
    UNKNOWN_TYPE = (ReasonClass.SHAPE, False, "there is no command of this type")
    MALFORMED = (ReasonClass.SHAPE, False, "a field is missing, unknown, of the wrong type or out of its limits")

    NO_EVIDENCE = (ReasonClass.SHAPE, False, "a request for a decision rests on no evidence")
    ONE_OPTION = (ReasonClass.SHAPE, False, "a decision needs at least two options, one of which does nothing")
    NO_OWNER = (ReasonClass.SHAPE, False, "a risk has no owner")
    NO_BASELINE = (ReasonClass.SHAPE, False, "a benefit has no baseline to be measured from")
    NO_SOURCE = (ReasonClass.SHAPE, False, "a change of a model names no source")
    OFF_SCALE = (ReasonClass.SHAPE, False, "the value is not on the scale")
    NO_CHAIR = (ReasonClass.SHAPE, False, "the chair is no member of the body")
    NOT_A_CHECKPOINT = (ReasonClass.SHAPE, False, "the text is no signed checkpoint of one entry or more")

    WRONG_ADDRESS = (ReasonClass.IDENTITY, False, "the command was sent where another actor or type belongs")
    WRONG_PORTFOLIO = (ReasonClass.IDENTITY, False, "the command was made for another ledger")
    NOT_OPEN = (ReasonClass.IDENTITY, True, "the portfolio has not been opened")
    ALREADY_OPEN = (ReasonClass.IDENTITY, False, "the portfolio has been opened before")
    COMMAND_ID_REUSED = (ReasonClass.IDENTITY, False, "the command id was accepted before, for other bytes")
    WRONG_SUBJECT = (ReasonClass.IDENTITY, False, "the subject is not what the data is about")
    RECORDED_TIME_STATED = (ReasonClass.IDENTITY, False, "only a historic import may state when it was recorded")
    RECORDED_TIME_BACKWARDS = (ReasonClass.IDENTITY, False, "the recorded time is before the last one")
    RECORDED_TIME_AHEAD = (ReasonClass.IDENTITY, True, "the recorded time is in the future")
    SIGNATURE_MISSING = (ReasonClass.IDENTITY, False, "policy wants the command signed by whoever sends it")
    KEY_UNKNOWN = (ReasonClass.IDENTITY, True, "the command is signed with a key that nobody is enrolled with")
    KEY_REVOKED = (ReasonClass.IDENTITY, False, "the command is signed with a key that was replaced or revoked")
    SIGNATURE_INVALID = (ReasonClass.IDENTITY, False, "a signature is not one over this command")
    INITIATIVE_EXISTS = (ReasonClass.IDENTITY, False, "the initiative has been proposed before")
    UNKNOWN_INITIATIVE = (ReasonClass.IDENTITY, True, "no such initiative has been proposed")
    UNKNOWN_ENVELOPE = (ReasonClass.IDENTITY, True, "no such envelope has been funded")
    UNKNOWN_OBJECTIVE = (ReasonClass.IDENTITY, True, "no such objective is set on that day")
    OBJECTIVE_MISSING = (ReasonClass.IDENTITY, False, "an objective set before is left out; list it as retired")
    OBJECTIVE_TWICE = (ReasonClass.IDENTITY, False, "an objective stands twice")
    UNKNOWN_COMMITMENT = (ReasonClass.IDENTITY, True, "no such commitment stands on that envelope and initiative")
    POSTING_REF_LIVE = (ReasonClass.IDENTITY, False, "the posting reference has been used and not reversed")
    UNKNOWN_ACTOR = (ReasonClass.IDENTITY, True, "no such actor is enrolled")
    UNKNOWN_BODY = (ReasonClass.IDENTITY, True, "no such body is set")
    UNKNOWN_SEAT = (ReasonClass.IDENTITY, False, "the body has no such seat")
    UNKNOWN_CRITERION = (ReasonClass.IDENTITY, True, "the prioritisation policy in force has no such criterion")
    UNKNOWN_STAGE = (ReasonClass.IDENTITY, False, "the policy lists no such stage")
    UNKNOWN_RULE = (ReasonClass.IDENTITY, False, "no rule has this name")
    UNKNOWN_DECISION = (ReasonClass.IDENTITY, True, "no such decision was requested")
    UNKNOWN_OPTION = (ReasonClass.IDENTITY, False, "the request has no such option")
    UNKNOWN_CONDITION = (ReasonClass.IDENTITY, True, "no decision has set such a condition")
    UNKNOWN_BENEFIT = (ReasonClass.IDENTITY, True, "no such benefit was planned")
    NAMED_TWICE = (ReasonClass.IDENTITY, False, "something stands twice where it can stand once")
    KEY_USED = (ReasonClass.IDENTITY, False, "the key belongs to another actor")
    CONDITION_EXISTS = (ReasonClass.IDENTITY, False, "a condition of this name was set before")
    CONDITION_CLOSED = (ReasonClass.IDENTITY, False, "the condition was discharged before")
    DECISION_CLOSED = (ReasonClass.IDENTITY, False, "the decision is closed")
    REQUEST_CHANGED = (ReasonClass.IDENTITY, True, "the request has changed since; read it again")
    VOTED_ALREADY = (ReasonClass.IDENTITY, False, "this voter has voted on this request")
    CYCLE = (ReasonClass.IDENTITY, False, "the link would close a circle")
    RANK_DIFFERS = (ReasonClass.IDENTITY, True, "the initiative has another rank now")
    STAGE_BACKWARDS = (ReasonClass.IDENTITY, False, "a model's stage never goes back")
    PERIOD_REPORTED = (ReasonClass.IDENTITY, False, "the period overlaps one that was reported")
    PERIOD_CLOSED = (ReasonClass.IDENTITY, False, "the period is closed; use the open one")
    NOT_CLOSED = (ReasonClass.IDENTITY, False, "the period is not closed, or closed for good")
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

    OTHER_LOG = (ReasonClass.IDENTITY, False, "the checkpoint is of another log")
    SIZE_AHEAD = (ReasonClass.IDENTITY, True, "the checkpoint covers more than is recorded")
    NO_SUCH_TEXT = (ReasonClass.IDENTITY, False, "the entry has no such commitment in that field")
    ALREADY_ERASED = (ReasonClass.IDENTITY, False, "the text has been erased before")
    UNKNOWN_HOLD = (ReasonClass.IDENTITY, False, "no such hold is set")
    ON_HOLD = (ReasonClass.IDENTITY, True, "a hold keeps the text from being erased")

    WRONG_CURRENCY = (ReasonClass.ARITHMETIC, False, "the currency is not the one used there")
    ZERO_AMOUNT = (ReasonClass.ARITHMETIC, False, "an amount of zero moves nothing")
    WRONG_SIGN = (ReasonClass.ARITHMETIC, False, "the sign of the amount does not fit its kind")
    OUT_OF_RANGE = (ReasonClass.ARITHMETIC, False, "the sum would pass the largest amount the ledger can hold")
    WEIGHTS_SUM = (ReasonClass.ARITHMETIC, False, "weights of active objectives do not sum to 10,000")
    SHARES_SUM = (ReasonClass.ARITHMETIC, False, "shares do not sum as they must")
    LEG_MISSING = (ReasonClass.ARITHMETIC, False, "a transfer or carry-forward does not name its other leg")
    BASELINE_NUMBER = (ReasonClass.ARITHMETIC, True, "the baseline number is not the last one plus one")
    FINISH_BEFORE_START = (ReasonClass.ARITHMETIC, False, "the finish is before the start")
    POLICY_VERSION = (ReasonClass.ARITHMETIC, True, "the version is not the last one of its kind plus one")
    INCONSISTENT = (ReasonClass.ARITHMETIC, False, "the judgements contradict each other: consistency ratio above 0.10")
    QUORUM_SIZE = (ReasonClass.ARITHMETIC, False, "the quorum is above the number of voting members")
    TALLY_DIFFERS = (ReasonClass.ARITHMETIC, True, "the tally is not that of the votes recorded")
    TOTALS_DIFFER = (ReasonClass.ARITHMETIC, True, "the totals are not what is booked in the period")
    FORECAST_DATE = (ReasonClass.ARITHMETIC, False, "the forecast is dated ahead, or older than the last")
    PROOF_FAILS = (ReasonClass.ARITHMETIC, True, "the ledger as it stands does not follow from the checkpoint")

    NOT_REGISTRAR = (ReasonClass.GOVERNANCE, False, "only the registrar, or the grantor, records this")
    SELF_ENROLMENT = (ReasonClass.GOVERNANCE, False, "the registrar enrols himself for another role")
    NOT_ONESELF = (ReasonClass.GOVERNANCE, False, "an interest is declared by the person who has it")
    BEFORE_RECORDED = (ReasonClass.GOVERNANCE, False, "a policy or grant takes no effect before it is recorded")
    SELF_GRANT = (ReasonClass.GOVERNANCE, False, "an authority is granted to those who grant or record it")
    BEYOND_GRANTOR = (ReasonClass.GOVERNANCE, False, "the grantor's own authority does not reach as far")
    NO_DECISION = (ReasonClass.GOVERNANCE, True, "no approved decision of the ledger stands behind it")
    BEYOND_DECISION = (ReasonClass.GOVERNANCE, False, "the decision it names is about something else, or for less")
    NO_AUTHORITY = (ReasonClass.GOVERNANCE, True, "who decided had no authority of this kind and scope on that day")
    OVER_LIMIT = (ReasonClass.GOVERNANCE, False, "the authority of those who decided ends below the amount")
    WRONG_TIER = (ReasonClass.GOVERNANCE, False, "at this amount, or of this kind, others have to decide")
    SELF_APPROVAL = (
        ReasonClass.GOVERNANCE,
        False,
        "decided by a person who asked for it, or proposed, leads or sponsors the initiative",
    )
    NOT_SEATED = (ReasonClass.GOVERNANCE, False, "the voter had no vote in this decision on that day")
    SELF_VOTE = (
        ReasonClass.GOVERNANCE,
        False,
        "the voter asked, or proposed, leads or sponsors the initiative; recuse or advise",
    )
    NO_MINUTES = (ReasonClass.GOVERNANCE, False, "a vote cast by somebody else comes from minutes or a proxy")
    INTEREST = (ReasonClass.GOVERNANCE, False, "the voter has an interest that bears on the decision")
    WRONG_BODY = (ReasonClass.GOVERNANCE, False, "the decision belongs to another body")
    NO_QUORUM = (ReasonClass.GOVERNANCE, True, "the quorum or a required seat is missing")
    AGAINST_VOTES = (ReasonClass.GOVERNANCE, False, "the outcome is not that of the votes")
    NOT_RATIFIABLE = (ReasonClass.GOVERNANCE, False, "what is ratified was no emergency")
    NO_RATIFY_BY = (ReasonClass.GOVERNANCE, False, "an emergency approval says until when it is ratified")
    UNRATIFIED = (ReasonClass.GOVERNANCE, True, "an emergency approval was not ratified in time")
    SPONSOR_LEADS = (ReasonClass.GOVERNANCE, False, "one person sponsors and leads the initiative")
    SELF_ASSESSED = (ReasonClass.GOVERNANCE, False, "the assessor sponsors the initiative")
    OWNER_LEADS = (ReasonClass.GOVERNANCE, False, "the owner of the benefit leads the delivery")
    SELF_VALIDATED = (
        ReasonClass.GOVERNANCE,
        False,
        "a benefit is validated by its owner, its claimant, or whoever leads or sponsors the initiative",
    )
    NOT_INDEPENDENT = (
        ReasonClass.GOVERNANCE,
        False,
        "assurance is rated by a person who proposed, leads or sponsors the initiative",
    )
    OWNER_ALONE = (ReasonClass.GOVERNANCE, False, "a blocking condition is not discharged by its owner alone")
    SELF_REVERSAL = (ReasonClass.GOVERNANCE, False, "money is reversed by somebody else than who recorded it")
    PROHIBITED_USE = (ReasonClass.GOVERNANCE, False, "the use of AI is prohibited")
    NO_COMPLIANCE_VOTE = (ReasonClass.GOVERNANCE, True, "a high-risk use of AI needs the vote of compliance")
    UNCLASSIFIED_USE = (ReasonClass.GOVERNANCE, True, "an unclassified use of AI goes no further than its first stage")
    CLASS_LOWERED = (ReasonClass.GOVERNANCE, False, "a class of AI risk is lowered by the vote of compliance only")
    UNALIGNED = (ReasonClass.GOVERNANCE, True, "the initiative serves objectives less than policy asks")
    CONDITION_OPEN = (ReasonClass.GOVERNANCE, True, "a blocking condition is still open")
    CRITERIA_NOT_MET = (ReasonClass.GOVERNANCE, True, "a criterion that the gate must meet is not met")
    COMMITMENT_UNTREATED = (ReasonClass.GOVERNANCE, True, "an open commitment of what ends is not treated")
    LATE = (ReasonClass.GOVERNANCE, False, "recorded later after the decision than policy tolerates")
    UNDOCUMENTED = (ReasonClass.GOVERNANCE, False, "recorded late, and nothing shows when it was decided")
    UNEXPLAINED = (ReasonClass.GOVERNANCE, False, "what policy flags needs a flagreason")

    OVER_ENVELOPE = (ReasonClass.MONEY, False, "more is approved from the envelope than it was funded with")
    OVER_APPROVED = (ReasonClass.MONEY, False, "more is committed or spent than was approved for the initiative")
    OVER_COMMITMENT = (ReasonClass.MONEY, False, "more is spent on the commitment than it holds")
    SHORT_OF_FUNDS = (ReasonClass.MONEY, False, "more is moved away than is approved and neither committed nor spent")
    IN_CLOSED_PERIOD = (ReasonClass.MONEY, False, "the period was closed when the contract was recorded")
    OVER_CAPACITY = (ReasonClass.MONEY, False, "more is planned of the pool than there is")
    OVER_ATTRIBUTED = (ReasonClass.MONEY, False, "more than all of a measure is attributed to benefits")
    AFTER_END = (ReasonClass.MONEY, False, "the initiative had ended")

    BUSY = (ReasonClass.SERVICE, True, "the service has as much to do as it takes on; nothing was decided")
    UNAVAILABLE = (ReasonClass.SERVICE, True, "the stream cannot be reached; whether it was recorded is not known")
    FAILED = (ReasonClass.SERVICE, True, "the service failed; whether it was recorded is not known")

    def __init__(self, of_class: ReasonClass, again: bool, meaning: str) -> None:
        self.of_class, self.again, self.meaning = of_class, again, meaning
        self.place = len(type(self).__members__)
        """Where it stands in the order of checking."""
        self.follows_policy = of_class in (ReasonClass.GOVERNANCE, ReasonClass.MONEY)


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
    """The command causes nothing, and why. detail: the field or figures that decided it.

    policy, grants: sequences it was judged under, as an event names them; they are kept with the refusal, and are no
    part of what it says.
    """

    __slots__ = ("detail", "grants", "policy", "reason")

    def __init__(self, reason: Reason, **detail: Any) -> None:
        self.reason, self.detail = reason, detail
        self.policy: str | None = None
        self.grants: str | None = None

    def under(self, policy: str | None, grants: str | None) -> Refused:
        """Return the same refusal, with what it was judged under."""
        self.policy, self.grants = policy, grants
        return self

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


def encode_receipt(receipt: Receipt) -> bytes:
    """Return a receipt as JSON, in the words of receipt_as_dict."""
    return msgspec.json.encode(receipt if isinstance(receipt, Accepted) else receipt_as_dict(receipt))


class _RefusedWords(msgspec.Struct, frozen=True, tag_field="status", tag="refused"):
    reason: str
    detail: dict[str, Any]


_decode_receipt = msgspec.json.Decoder(Accepted | _RefusedWords).decode


def decode_receipt(payload: bytes) -> Receipt:
    """Return the receipt that JSON says. Errors: ValueError where it is none, or has a reason from a newer ledger."""
    found = _decode_receipt(payload)
    if isinstance(found, Accepted):
        return found
    if found.reason not in Reason.__members__:
        raise ValueError(f"{found.reason!r} is no reason this version knows; update it")
    return Refused(Reason[found.reason], **found.detail)
