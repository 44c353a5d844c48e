"""Where an address leads: from what was typed to a sequence of this portfolio."""

from __future__ import annotations

from projections.around import newest_about
from tui.model import address
from tui.model.address import AddressError
from tui.model.head import Head
from tui.session import Session


async def place_of(session: Session, head: Head, text: str) -> int:
    """Return the sequence a text names. Errors: AddressError, MomentError, both ValueError."""
    told = address.parse(text)
    line = session.line
    match told:
        case address.Sequence(sequence, _, portfolio):
            if portfolio not in (None, session.portfolio):
                raise AddressError(f"{text.strip()} is in the portfolio {portfolio}, this is {session.portfolio}")
            return _inside(sequence, line.tip)
        case address.Step(by):
            return _inside(max(head.sequence + by, 1), line.tip)
        case address.Share(share):
            return line.sequence_at(share, by_time=False)
        case address.Tip():
            return line.tip
        case address.Time(when):
            return (await session.at(when, None)).sequence
        case address.Finding(finding):
            for each in session.found:
                if each.finding == finding:
                    return _inside(each.sequence, line.tip)
            raise AddressError(f"there is no finding {finding}; see them all with `portfolio findings`")
        case address.About(subject):
            newest = await session.ask(lambda replica: newest_about(replica, subject))
            if newest is None:
                raise AddressError(f"nothing is recorded about {subject}; give an initiative, a sequence or a date")
            return newest


def _inside(sequence: int, tip: int) -> int:
    if not 1 <= sequence <= max(tip, 1):
        raise AddressError(f"sequence {sequence:,} is not recorded; there are 1 to {tip:,}")
    return sequence
