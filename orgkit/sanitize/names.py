"""Names that deceive the eye: characters that cannot be seen, scripts that are mixed, letters that look like others.

The properties of characters are Unicode's, by way of the package `regex`; the list of lookalikes is that of Unicode's
security mechanisms (UTS #39), in `confusables.txt`.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

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
_SCRIPT = regex.compile(
    "|".join(rf"(?P<{name}>\p{{Script={name}}})" for name in _SCRIPTS)
    + r"|(?P<historic>[^\p{Script=Common}\p{Script=Inherited}])"
)
# Scripts that are written together, Latin with each of them ("highly restrictive" of UTS #39).
_SCRIPT_GROUPS = ({"Han", "Hiragana", "Katakana"}, {"Han", "Bopomofo"}, {"Han", "Hangul"})
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
    return next((problem for check in (_compatible, _marks, _digits, _scripts) for problem in check(text)), "")


def describe(character: str) -> str:
    """The code point and its name, as U+043E CYRILLIC SMALL LETTER O."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}{f' {name}' if name else ''}"


def skeleton(text: str) -> str:
    """Two texts look alike where their skeletons are equal (UTS #39, section 4): in a skeleton, m is rn and 1 is l."""
    prototypes = _prototypes()
    return _compose(prototypes.get(character, character) for character in _decompose(text))


def reading(text: str) -> str:
    """The text as a person reads it: what ASCII has stays as it is, so that m is no rn and 1 is no l."""
    prototypes = _prototypes()
    return _compose(c if c.isascii() else prototypes.get(c, c) for c in _decompose(text))


def plain_reading(text: str) -> str:
    """Return the ASCII that a person reads in letters that are not ASCII, each of them; "" when no person would."""
    foreign = any(character.isalpha() and not character.isascii() for character in text)
    return reading(text) if foreign and reading(text).isascii() else ""


def mark_lookalikes(text: str) -> str:
    """The text, and behind it what some of its characters are; as it is when it is ASCII."""
    prototypes = _prototypes()
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
    """Letters and digits of another width or font, as in ＡＷＳ."""
    for character in text:
        plain = unicodedata.normalize("NFKC", character)
        if plain != character and plain.isascii() and unicodedata.category(character) in ("Lu", "Ll", "Nd"):
            yield f"has {describe(character)}, which looks like {plain}: write {plain}."


def _marks(text: str) -> Iterator[str]:
    """A mark that has no letter before it joins what stands in front of the name."""
    for word in _WORD.findall(text):
        if unicodedata.category(word[0])[0] == "M":
            yield f"has {describe(word[0])} without a letter before it: remove it."


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
    return list(dict.fromkeys(match.lastgroup for match in _SCRIPT.finditer(word)))


def _script_of(character: str) -> str:
    return next(iter(_scripts_of(character)), "")


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
