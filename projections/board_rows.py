"""The rows of the views a board and a replay are made of: what each column means is in docs/spec/views.md."""

from __future__ import annotations

import msgspec


class StateRow(msgspec.Struct, frozen=True):
    """One field of an initiative. key: which objective, criterion or link. value: None for money, which has an amount.

    sequence: of the entry that last set it, None for a sum nothing has moved.
    """

    field: str
    key: str | None
    value: str | None
    amount_minor: int | None
    currency: str | None
    sequence: int | None
