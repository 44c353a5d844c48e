"""Tables as plain text."""

from __future__ import annotations

from collections.abc import Sequence


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], total: bool = False) -> str:
    """Return rows under headers, columns as wide as they need to be. right: which are figures.

    total: the last row is a sum and stands under a rule.
    """
    widths = [max(len(cell) for cell in column) for column in zip(headers, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = zip(cells, widths, right, strict=True)
        return "  ".join(cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in placed)

    rule = "  ".join("─" * width for width in widths)
    body = [line(row).rstrip() for row in rows]
    if total and body:
        body.insert(-1, rule)
    return "\n".join([line(headers).rstrip(), rule, *body])
