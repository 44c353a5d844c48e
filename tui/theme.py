"""Colours: blue and orange, which everybody tells apart; a colour only repeats what a sign and a word say."""

from __future__ import annotations

from textual.theme import Theme

from tui.model.card import Standing

DARK = Theme(
    name="ledger-dark",
    primary="#56B4E9",
    secondary="#0072B2",
    accent="#E69F00",
    warning="#E69F00",
    error="#E69F00",
    success="#56B4E9",
    foreground="#e4e4e4",
    background="#121212",
    surface="#121212",
    panel="#1e1e1e",
    dark=True,
)
LIGHT = Theme(
    name="ledger-light",
    primary="#0072B2",
    secondary="#56B4E9",
    accent="#8a4500",
    warning="#8a4500",
    error="#8a4500",
    success="#0072B2",
    foreground="#1c1c1c",
    background="#ffffff",
    surface="#ffffff",
    panel="#eeeeee",
    dark=False,
)
THEMES = (DARK, LIGHT)
"""Ours come first; the terminal's own colours are `ansi-dark` and `ansi-light`."""

STYLES: dict[Standing, str] = {"plain": "", "yes": "$primary", "problem": "bold $accent", "unknown": "dim"}
"""How a standing is drawn."""
