"""A request for a view over NATS, and the answer where there is no view.

    portfolio.ai-2026.view.spend    {"by":"initiative","as_known":"8124","as_of":"2026-03-31"}   or nothing at all

    {"view":"spend","portfolio":"ai-2026","as_known":{...},"as_of":"2026-03-31","rows":[...],"totals":{...}}
    {"error":"sequence 9 is beyond the last, 8; give one that is recorded"}

The options are those of `portfolio view`, and so is the answer.
"""

from __future__ import annotations

import msgspec


class ViewRequest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The options of a view; what is left away is as the command line has it.

    as_known: a sequence, a date or an instant. as_of: a date.
    """

    by: str | None = None
    measure: str | None = None
    currency: str | None = None
    initiative: str | None = None
    as_known: str | None = None
    as_of: str | None = None


class ViewProblem(msgspec.Struct, frozen=True):
    """Why there is no view: what, about which, what next."""

    error: str
