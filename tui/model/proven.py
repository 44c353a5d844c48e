"""What a verification came to, as plain text."""

from __future__ import annotations

from pathlib import Path

from projections.verify import Verified
from tui.model.glyphs import glyphs
from tui.model.text import clean
from tui.model.verify_lines import level_lines

WIDTH_CELLS = 110


def proven_text(found: Verified, wanted: str, kept: Path | None) -> str:
    """Return the levels with what each rests on, the ranges, and how far that leads. kept: where a fork was kept."""
    lines = [clean(f"{found.place}")]
    if found.sealed:
        checkpoint = found.sealed.checkpoint
        lines += [clean(f"log   {checkpoint.origin}"), f"size  {checkpoint.size:,}", f"root  {checkpoint.root.hex()}"]
    lines += ["", *(clean(text) for text, _ in level_lines(found.levels, WIDTH_CELLS, glyphs(None), meant=False)), ""]
    for name, bounds in found.ranges.items():
        told = "none" if bounds is None else f"{bounds[0]:,} to {bounds[1]:,}"
        lines.append(f"{name:<10}{told}")
    lines.append("")
    if kept is not None:
        lines.append(clean(f"Two checkpoints that cannot both be true are kept in {kept}; show them to others."))
    reached = f"reached {found.reached}" if found.reached else "no level is reached"
    asked = "holds" if found.holds(wanted) else "is not reached"
    lines.append(f"{reached}; {wanted} was asked for and {asked}")
    return "\n".join(lines)
