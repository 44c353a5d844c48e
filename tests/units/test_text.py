"""Clean text: nothing that acts on a terminal, reorders what is read, or hides, survives."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.model.text import clean, has_hidden

BIDI = {*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
"""Unicode Standard Annex 9: the marks, embeddings, overrides and isolates."""

ZERO_WIDTH = {*"\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u206a\u206b\u206c\u206d\u206e\u206f"}
IGNORABLE = {
    *"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u3164\uffa0",
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0000, 0xE1000)),
}
"""Default_Ignorable_Code_Point, in the Unicode Character Database (DerivedCoreProperties): shown as nothing at all."""

LINE_ENDS = {*"\u2028\u2029"}
NAMED = sorted(BIDI | ZERO_WIDTH | LINE_ENDS | {*"\ufe00\ufe0f\U000e0001\U000e0100\u2800\uffa0"})
TOKEN = re.compile(r"<U\+[0-9A-F]{4,6}>")
TEXTS = st.text() | st.text(st.sampled_from(sorted([*NAMED, *"\x00\x1b\x7f\x85\x9b\r\n\tab<>"])))


def acts(character: str) -> bool:
    """Say whether a character moves a cursor, ends a line, reorders or hides."""
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co") or character in BIDI | ZERO_WIDTH


@given(TEXTS)
@settings(deadline=None)
@example("\x1b]52;c;cm0gLXJm\x07")
@example("gpj.\u202eexe")
def test_law_nothing_that_acts_survives(text: str) -> None:
    shown = clean(text)
    assert not [character for character in shown if acts(character) and character not in "\u00ad\u180e"]
    assert clean(shown) == shown
    assert has_hidden(text) is (shown != text)
    assert not has_hidden(shown)


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
def test_no_control_character_survives(code: int) -> None:
    assert clean(f"a{chr(code)}b") == f"a<U+{code:04X}>b"


@pytest.mark.parametrize("character", NAMED, ids=lambda character: f"U+{ord(character):04X}")
def test_nothing_that_reorders_or_hides_survives(character: str) -> None:
    assert clean(f"a{character}b") == f"a<U+{ord(character):04X}>b"


def test_nothing_that_is_shown_as_nothing_survives() -> None:
    unassigned = "\u0378\u05ff\ud7fc"
    left = [f"U+{ord(each):04X}" for each in [*sorted(IGNORABLE), *unassigned] if each in clean(each)]
    assert left == []


@pytest.mark.parametrize("code", [0xD800, 0xDFFF, 0xE000, 0xF8FF, 0xFFFE, 0xFFFF, 0x10FFFF])
def test_what_is_no_character_is_shown_as_its_code(code: int) -> None:
    assert clean(chr(code)) == f"<U+{code:04X}>"


@pytest.mark.parametrize(
    "text",
    [
        "Claims triage, 40 % <b>",
        "Schäden: Vorprüfung – „gut“ … €",
        "Προτεραιότητα",
        "Оценка рисков",
        "הערכת סיכונים",
        "تقييم المخاطر",
        "जोखिम मूल्यांकन",
        "การประเมินความเสี่ยง",
        "理赔分诊",
        "リスク評価、ひらがな",
        "위험 평가",
        "e\u0301 n\u0303",
        "∑ ≤ ∞ → ✓ █▎┃",
        "🚀 🇫🇷",
        "a\u00a0b\u3000c",
    ],
)
def test_visible_text_is_unchanged(text: str) -> None:
    assert clean(text) == text
    assert not has_hidden(text)


def test_a_hidden_character_is_seen_where_it_stands() -> None:
    assert clean("pay\u200bpal \u202eevil") == "pay<U+200B>pal <U+202E>evil"
    assert has_hidden("pay\u200bpal")


@pytest.mark.parametrize(
    ("width", "expected"),
    [(None, "alignment"), (20, "alignment"), (9, "alignment"), (8, "alignme…"), (2, "a…"), (1, "…")],
)
def test_text_is_cut_to_a_width_with_an_ellipsis(width: int | None, expected: str) -> None:
    assert clean("alignment", width) == expected


def test_nothing_is_left_of_text_without_a_width() -> None:
    assert clean("alignment", 0) == ""
    assert clean("", 0) == ""


@given(TEXTS, st.integers(1, 30))
@settings(deadline=None)
def test_law_cut_text_is_never_longer_than_its_width_and_begins_like_the_whole(text: str, width: int) -> None:
    cut, whole = clean(text, width), clean(text)
    assert len(cut) <= width
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))


def test_a_token_names_the_character_in_hexadecimal() -> None:
    assert TOKEN.fullmatch(clean("\U000e0041"))
    assert clean("\U000e0041") == "<U+E0041>"
