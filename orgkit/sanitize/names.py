"""Deceptive names: invisible characters, mixed scripts, letters that look like others.

The properties of characters are Unicode's, by way of the package `regex`; the list of lookalikes is that of Unicode's
security mechanisms (UTS #39), in `confusables.txt`.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import regex

# Characters that have a glyph by their category, and an empty one in every font.
_BLANK = "\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159"
_INVISIBLE = regex.compile(rf"[\p{{Default_Ignorable_Code_Point}}[\p{{White_Space}}--\x20]\p{{C}}{_BLANK}]", regex.V1)
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# The scripts that people write in today (UAX #31, tables 5 and 7).
_SCRIPTS = (
    "Latin", "Adlam", "Arabic", "Armenian", "Balinese", "Bamum", "Batak", "Bengali", "Bopomofo", "Canadian_Aboriginal",
    "Chakma", "Cham", "Cherokee", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek", "Gujarati", "Gurmukhi",
    "Han", "Hangul", "Hebrew", "Hiragana", "Javanese", "Kannada", "Katakana", "Kayah_Li", "Khmer", "Lao", "Lepcha",
    "Limbu", "Lisu", "Malayalam", "Mandaic", "Meetei_Mayek", "Miao", "Mongolian", "Myanmar", "New_Tai_Lue", "Newa",
    "Nko", "Nyiakeng_Puachue_Hmong", "Ol_Chiki", "Oriya", "Osage", "Saurashtra", "Sinhala", "Sundanese",
    "Syloti_Nagri", "Syriac", "Tai_Le", "Tai_Tham", "Tai_Viet", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan",
    "Tifinagh", "Vai", "Wancho", "Yi",
)  # fmt: skip
# Scripts that are written together, Latin with each of them ("highly restrictive" of UTS #39).
_SCRIPT_GROUPS = ({"Han", "Hiragana", "Katakana"}, {"Han", "Bopomofo"}, {"Han", "Hangul"})
# Marks for letters of any script, and those of them that languages write over Latin, Greek and Cyrillic letters (the
# marks that UTS #39 allows in identifiers, without the two that strike a letter through, as in an o that looks like ø).
_MARKS_OF_ANY_SCRIPT = regex.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_WRITTEN_MARKS = regex.compile(
    r"[\u0300-\u0304\u0306-\u030c\u030f-\u0311\u0313\u0314\u031b\u0323-\u0328\u032d\u032e\u0330\u0331\u0339\u0342"
    r"\u0345]"
)
_MAX_MARKS = 3  # on one letter
_SEPARATORS = frozenset("/\\.-_@")  # characters that separate the parts of paths, addresses and names
_EN_DASH = "\u2013"
_WRITTEN_LETTERS = frozenset("\u00aa\u00ba\u0131")  # ª, º and ı of Romance and Turkic languages
_SMALL_CAPITAL = regex.compile("LATIN LETTER SMALL CAPITAL ([A-Z])")
# The lines of confusables.txt about ASCII: most names need no more, and reading the file takes as long as ten calls.
_ASCII_PROTOTYPES = {"0": "O", "1": "I", "l": "I", "|": "I", "m": "rn", "`": "'", '"': "''", "%": "º/₀"}
_CONFUSABLES = Path(__file__).with_name("confusables.txt")


def invisible_characters(text: str) -> list[str]:
    """Return every character that leaves no mark of its own where it stands, the space excepted."""
    return [] if text.isascii() and text.isprintable() else list(_INVISIBLE.findall(text))


def deception(text: str) -> str:
    """Say what makes the text look like another one, and what to write instead; "" when nothing does.

    Args:
        text: A name of one level: an organizational unit, a tag, a person.
    """
    hidden = invisible_characters(text)
    if hidden:
        return f"has {describe(hidden[0])}, which cannot be seen: remove it."
    if text.isascii():
        return ""
    checks = (_compatible, _separators, _marks, _digits, _phonetic_letters, _scripts)
    return next((problem for check in checks for problem in check(text)), "")


def lookalike_words(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find names with a word of another script that reads as an ASCII word, if no other name is in that script.

    Args:
        names: All names that a person reads together, such as those of a parameters file.

    Yields:
        Each such name, and what is wrong with it.
    """
    words = [(name, word) for name in dict.fromkeys(names) for word in _WORD.findall(name)]
    genuine = {
        script for _, word in words for script in _scripts_of(word) if script == "Latin" or not plain_reading(word)
    }
    if "Latin" not in genuine:
        return
    for name, word in words:
        plain, scripts = plain_reading(word), set(_scripts_of(word)) - genuine
        if plain and scripts:
            script = min(scripts)
            character = next(c for c in word if _script_of(c) == script)
            reason = (
                f'has {describe(character)} in "{word}", which reads as "{plain}", and no other name is written in '
            )
            yield name, f"{reason}{script}: write {plain}."


def describe(character: str) -> str:
    """The code point and its name, as U+043E CYRILLIC SMALL LETTER O."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}{f' {name}' if name else ''}"


def skeleton(text: str) -> str:
    """Two texts look alike where their skeletons are equal (UTS #39, section 4): in a skeleton, m is rn and 1 is l."""
    decomposed = _decompose(text)
    prototypes = _ASCII_PROTOTYPES if decomposed.isascii() else _prototypes()
    return _compose(prototypes.get(character, character) for character in decomposed)


def reading(text: str) -> str:
    """Return the text as a person reads it: ASCII characters stay, so m does not become rn, nor 1 l."""
    decomposed = _decompose(text)
    prototypes = {} if decomposed.isascii() else _prototypes()  # thousands of lines, which most names do not need
    return _compose(c if c.isascii() else prototypes.get(c, c) for c in decomposed)


def plain_reading(text: str) -> str:
    """Return the ASCII that a person reads in letters that are not ASCII, each of them; "" when no person would."""
    foreign = any(character.isalpha() and not character.isascii() for character in text)
    return reading(text) if foreign and reading(text).isascii() else ""


def mark_lookalikes(text: str) -> str:
    """Return the text, followed by the names of its lookalike characters; ASCII text unchanged."""
    prototypes = {} if text.isascii() else _prototypes()
    alike = [c for c in dict.fromkeys(text) if not c.isascii() and (prototypes.get(c, c).isascii() or _hidden(c))]
    return f"{text} (with {', '.join(map(describe, alike))})" if alike else text


def _hidden(character: str) -> bool:
    return bool(_INVISIBLE.match(character))


def _decompose(text: str) -> str:
    """Without what cannot be seen; a page shows several blanks as one."""
    compatible = unicodedata.normalize("NFKD", text).replace("\n", " ").replace("\t", " ")
    return " ".join(str(_INVISIBLE.sub("", compatible)).split())


def _compose(parts: Iterable[str]) -> str:
    return unicodedata.normalize("NFKD", "".join(parts))


def _compatible(text: str) -> Iterator[str]:
    """Letters and digits of another width or font, as in ＡＷＳ, and Roman numerals of one character."""
    for character in text:
        plain, category = unicodedata.normalize("NFKC", character), unicodedata.category(character)
        is_font = unicodedata.decomposition(character).startswith("<font>")
        if plain != character and (plain.isascii() or is_font) and category in ("Lu", "Ll", "Nd", "Nl"):
            yield f"has {describe(character)}, which looks like {plain}: write {plain}."


def _separators(text: str) -> Iterator[str]:
    """Punctuation and symbols that pass for a slash, a dot, a hyphen, or, within a word, for a letter."""
    for place, character in enumerate(text):
        plain = "" if character.isascii() or unicodedata.category(character)[0] not in "PS" else reading(character)
        previous, following = text[max(0, place - 1) : place], text[place + 1 : place + 2]
        is_in_word = any(neighbor.isascii() and neighbor.isalpha() for neighbor in (previous, following))
        if plain in _SEPARATORS:
            is_dash = character == _EN_DASH and " " in (previous, following)
            is_own = bool(_script_of(character)) and not is_in_word  # as the full stop of Arabic is in Arabic
        else:
            is_dash = not (len(plain) == 1 and plain.isascii() and plain.isalnum() and is_in_word)
            is_own = "<circle>" in unicodedata.decomposition(character)
        if plain and not is_dash and not is_own:
            yield f"has {describe(character)}, which looks like {plain}: write {plain}."


def _marks(text: str) -> Iterator[str]:
    """Marks that join what stands in front of the name, that no language writes, or that pile up."""
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        if unicodedata.category(word[0])[0] == "M":
            yield f"has {describe(word[0])} without a letter before it: remove it."
        for mark in _MARKS_OF_ANY_SCRIPT.findall(word):
            if not _WRITTEN_MARKS.match(mark):
                yield f"has {describe(mark)}, a mark over a letter that no language writes: remove it."
        piled = regex.search(rf"\p{{M}}{{{_MAX_MARKS + 1},}}", word)
        if piled:
            yield f"has {describe(piled[0][0])} and {len(piled[0]) - 1} more marks on one letter: remove some."


def _phonetic_letters(text: str) -> Iterator[str]:
    """Latin letters of phonetic and older alphabets that pass for those of ASCII, in a word that reads as ASCII."""
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        plain = "".join(map(_plain_letter, word))
        foreign = next((character for character in word if _is_phonetic(character)), "")
        if foreign and plain.isascii():
            yield f'has {describe(foreign)} in "{word}", which reads as "{plain}": write that.'


def _is_phonetic(character: str) -> bool:
    plain = _plain_letter(character)
    is_letter = unicodedata.category(character) in ("Lu", "Ll", "Lo") and character not in _WRITTEN_LETTERS
    is_alone = not character.isascii() and is_letter and _script_of(character) == "Latin"
    return is_alone and len(plain) == 1 and plain.isascii() and plain.isalnum()


def _plain_letter(character: str) -> str:
    """What a person reads in it; the list of lookalikes has only some of the small capitals."""
    small_capital = _SMALL_CAPITAL.fullmatch(unicodedata.name(character, ""))
    return str(small_capital[1]).lower() if small_capital else reading(character)


def _digits(text: str) -> Iterator[str]:
    zeros = {ord(character) - unicodedata.decimal(character) for character in text if character.isdecimal()}
    if len(zeros) > 1:
        yield "mixes the digits of two scripts: write all numbers with the same digits."


def _scripts(text: str) -> Iterator[str]:
    scripts_of_words = {word: _scripts_of(word) for word in _WORD.findall(text)}
    for word, scripts in scripts_of_words.items():
        foreign = [script for script in scripts if script != "Latin"]
        example = next((character for character in word if _script_of(character) in foreign), "")
        if "historic" in scripts:
            yield f"has {describe(example)}, of a script that is not written today: write another letter."
        elif len(scripts) > 1 and not any(set(foreign) <= group for group in _SCRIPT_GROUPS):
            yield f'mixes {" and ".join(scripts)} in "{word}" ({describe(example)}): write each word in one script.'
        elif (
            foreign
            and plain_reading(word)
            and any("Latin" in other_scripts for other_scripts in scripts_of_words.values())
        ):
            yield f'has {describe(example)} in "{word}", which reads as "{plain_reading(word)}": write that.'


def _scripts_of(word: str) -> list[str]:
    if word.isascii():
        return ["Latin"] if any(map(str.isalpha, word)) else []
    return list(dict.fromkeys(match.lastgroup for match in _script().finditer(word)))


def _script_of(character: str) -> str:
    return next(iter(_scripts_of(character)), "")


@cache
def _script() -> Any:
    """Return the pattern with one group for each script; ASCII text does not need it."""
    scripts = "|".join(rf"(?P<{name}>\p{{Script={name}}})" for name in _SCRIPTS)
    return regex.compile(scripts + r"|(?P<historic>[^\p{Script=Common}\p{Script=Inherited}])")


@cache
def _prototypes() -> dict[str, str]:
    """Each character that looks like another one, or like several: `confusables.txt`, in code points."""
    prototypes = {}
    for line in _CONFUSABLES.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            prototype, sources = ("".join(map(_character, part.split())) for part in line.split(";"))
            prototypes.update(dict.fromkeys(sources, prototype))
    # A prototype may be a sequence whose characters have prototypes of their own, as those of Ø.
    return {source: "".join(prototypes.get(c, c) for c in text) for source, text in prototypes.items()}


def _character(code: str) -> str:
    return chr(int(code, 16))
