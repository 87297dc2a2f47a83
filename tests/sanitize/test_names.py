"""A name is what it looks like: nothing invisible, one script a word, no letter that passes for another."""

import sys
import unicodedata
from functools import cache

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from orgkit.sanitize import names
from orgkit.sanitize.names import (
    deception,
    describe,
    invisible_characters,
    lookalike_words,
    mark_lookalikes,
    plain_reading,
    reading,
    skeleton,
)  # fmt: skip
from orgkit.sanitize.terminal import as_json, flat
from tests.sanitize import confusables

# Of each kind that the property list has: fillers, joiners, selectors, tags, format and control characters, blanks.
INVISIBLE = [
    "\u3164", "\u115f", "\u1160", "\uffa0", "\u034f", "\u2800", "\ufe0f", "\ufe00", "\U000e0100", "\u180b", "\u180e",
    "\u200b", "\u200c", "\u200d", "\u200e", "\u202e", "\u2060", "\u2064", "\u2066", "\u206f", "\ufeff", "\u00ad",
    "\u061c", "\u17b4", "\u17b5", "\u00a0", "\u2003", "\u202f", "\u3000", "\u2028", "\u2029", "\u0085", "\ufff9",
    "\ufffc", "\U000e0041", "\U000e0001", "\U0001d173", "\U0001bca0", "\U0001d159", "\U00013441", "\U00016fe4",
    "\ue000", "\U0010ffff", "\u0378", "\ud800", "\x00", "\x1b", "\x7f", "\t", "\n",
]  # fmt: skip
DECEPTIVE = {
    "a Cyrillic letter": "Pr\u043eduction",
    "a Greek letter": "\u0391thens",
    "a Cherokee letter": "\u13e2rod",
    "an Armenian letter": "Pr\u0585d",
    "a letter of another width": "\uff21WS",
    "a mathematical letter": "\U0001d400bc",
    "a mathematical digit": "team-\U0001d7cf",
    "a fullwidth digit": "team-\uff11",
    "a word of lookalikes among Latin words": "Team \u0410",
    "a word of lookalikes after a hyphen": "web-\u0441\u043e\u0440\u0435",
    "a script that nobody writes": "\u2ca3\u2ca3",
    "a mark without a letter": "\u0301a",
    "a mark after a hyphen": "a-\u0337b",
    "digits of two scripts": "1\u0661",
    "Hangul with Cyrillic": "\uac1c\u0430",
    "a Roman numeral of one character": "team \u2160",
    "a line below": "Pro\u0332d",
    "a stroke through a letter": "Pro\u0338d",
    "a mark around a letter": "a\u20dd",
    "marks that pile up": "a\u0300\u0301\u0302\u0303\u0304",
    "a dot leader": "a\u2024b",
    "a division slash": "CI\u2215CD",
    "a fullwidth slash": "CI\uff0fCD",
    "a hyphen that is none": "web\u2010prod",
    "a dash in a word": "web\u2013prod",
    "a minus": "web\u2212prod",
    "a full stop of Arabic in a Latin word": "a\u06d4b",
    "a phonetic letter": "product\u0251",
    "another phonetic letter": "\u0261it",
    "small capitals": "\u1d00\u1d04\u1d0d\u1d07",
    "a sign of mathematics in a word": "sec\u222are",
    "a Greek letter of mathematics": "\U0001d6a8CME",
}
ORDINARY = [
    "Production", "Zürich", "Zu\u0308rich", "naïve café", "Größe & Co", "№ 1", "Yaşam", "İstanbul", "東京",
    "AWS環境テスト", "サービス", "개발dev", "Москва", "Prod Москва", "Ελλάδα", "हिन्दी", "ไทย", "عربي", "עברית",
    "Δ-Team", "m²", "5 €", "🔒 Security", "—", "1½",
    "Team – East", "ısı", "1º", "1ᵉʳ", "東京（本社）", "開発：本番", "カタカナ・名", "Việt Nam",
    "Guaran\u0303i g\u0303",
    "ẹ́kọ́", "عَرَبِيّ", "عربي۔عربي", "שָׁלוֹם", "O’Brien", "Łódź", "Øre", "straße", "ɔkɛ", "Đorđe", "3×4", "Ⓐ-Team",
]  # fmt: skip


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_a_character_that_cannot_be_seen_is_named_by_its_code_point(character: str) -> None:
    problem = deception(f"Prod{character}uction")
    assert f"has U+{ord(character):04X}" in problem
    assert problem.endswith("which cannot be seen: remove it.")


def test_the_list_is_that_of_unicode_and_of_python() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    hidden = set(invisible_characters(every))
    ignorable = set(regex.findall(r"\p{Default_Ignorable_Code_Point}", every))
    unprintable = {c for c in every if not c.isprintable() and unicodedata.category(c) != "Cn"}
    assert (ignorable | unprintable) <= hidden  # characters that this Python does not know yet may be letters
    assert " " not in hidden
    assert (
        not {c for c in hidden if c.isprintable()}
        - ignorable
        - set("\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159")
    )


@pytest.mark.parametrize("name", DECEPTIVE.values(), ids=DECEPTIVE)
def test_a_name_that_passes_for_another_says_why(name: str) -> None:
    assert deception(name).startswith(("has U+", "mixes "))
    assert deception(name).endswith(".")


@pytest.mark.parametrize("name", ORDINARY)
def test_a_name_in_a_language_of_today_is_none(name: str) -> None:
    assert deception(name) == ""


def test_what_is_wrong_is_shown_with_the_character() -> None:
    assert deception("Pr\u043eduction") == (
        'mixes Latin and Cyrillic in "Pr\u043eduction" (U+043E CYRILLIC SMALL LETTER O): write each word in one script.'
    )
    assert mark_lookalikes("Pr\u043ed\u3164") == (
        "Pr\u043ed\u3164 (with U+043E CYRILLIC SMALL LETTER O, U+3164 HANGUL FILLER)"
    )
    assert mark_lookalikes("Production") == "Production"
    assert describe("\ue000") == "U+E000"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Production", "Pr\u043eduction"),
        ("COPE", "\u0421\u041e\u0420\u0415"),
        ("PROD", "\ua4d1\ua4e3\ua4f3\ua4d3"),
        ("AWS", "\uff21\uff37\uff33"),
        ("Z\u00fcrich", "Zu\u0308rich"),
        ("Prod", "Pr\u3164od\u200b"),
        ("Prod East", "Prod  East"),
        ("Prod East", "Prod\u00a0East"),
        ("CI/CD", "CI\u2215CD"),
        ("a-b", "a\u2010b"),
    ],
)
def test_two_names_that_a_person_reads_the_same_have_one_reading(one: str, other: str) -> None:
    assert reading(one) == reading(other)
    assert skeleton(one) == skeleton(other)


def test_of_ascii_letters_that_look_alike_the_skeleton_is_the_same_and_the_reading_is_not() -> None:
    for one, other in (("log1", "logl"), ("modern", "modem"), ("Iog", "log"), ("team-0", "team-O")):
        assert skeleton(one) == skeleton(other)
        assert reading(one) != reading(other)
    assert skeleton("dev") != skeleton("prod")


def test_a_name_whose_letters_all_pass_for_ascii_has_that_reading() -> None:
    assert plain_reading("\u0421\u041e\u0420\u0415") == "COPE"
    assert (
        plain_reading("Production")
        == plain_reading("\u041c\u043e\u0441\u043a\u0432\u0430")
        == plain_reading("5 \u20ac")
        == ""
    )


@pytest.mark.parametrize("character", [c for c in INVISIBLE if c != "\n"], ids=ascii)
def test_what_cannot_be_seen_is_marked_wherever_a_name_of_aws_is_shown(character: str) -> None:
    assert flat(f"Pr{character}od") == "Pr\N{REPLACEMENT CHARACTER}od"
    assert as_json(f"Pr{character}od").startswith('"Pr\\')


@given(st.text())
def test_any_text_has_an_answer_and_one_reading_however_it_is_composed(text: str) -> None:
    assert isinstance(deception(text), str)
    forms = {reading(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len(forms) == 1
    assert not invisible_characters(reading(text).replace("\ufffc", ""))


def test_the_list_of_lookalikes_is_what_its_package_gives() -> None:
    assert confusables.FILE.read_text(encoding="ascii") == confusables.content()
    assert {c: text for c, text in names._prototypes().items() if c.isascii()} == names._ASCII_PROTOTYPES


# Letters as their languages have them; of each, one letter that no other script passes for.
ALPHABETS = {
    "Russian": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯ",
    "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяІЇЄҐ",
    "Serbian": "абвгдђежзијклљмнњопрстћуфхцчџшЈЂ",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
    "Japanese": "あいうえおかきくけこがぎぐアイウエオカキクケコー東京開発環境本番",
    "Chinese": "北京上海开发测试生产安全",
    "Korean": "개발운영보안가나다라",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Hindi": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
    "Thai": "กขคงจฉชซญดตถทธนบปผฝพฟมยรลวสหอฮ",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "German": "abcdefghijklmnopqrstuvwxyzäöüßÄÖÜ",
    "Vietnamese": "aăâbcdđeêghiklmnoôơpqrstuưvxyạảấầẩẫậắằặẹẻẽếềểễệ",
    "Turkish": "abcçdefgğhıijklmnoöprsştuüvyzİ",
    "Polish": "aąbcćdeęfghijklłmnńoóprsśtuwyzźż",
    "Yoruba": "abdeẹfgijklmnoọprsṣtuwyáàéèíìóòúù",
}


@given(st.data(), st.sampled_from(sorted(ALPHABETS)))
def test_an_organization_in_any_one_language_has_ordinary_names(data: st.DataObject, language: str) -> None:
    """Also one whose words happen to be made of letters that Latin has: other names show the script."""
    word = st.text(st.sampled_from(ALPHABETS[language]), min_size=1, max_size=12)
    names = data.draw(st.lists(st.lists(word, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=6))
    assert [deception(name) for name in names if deception(name)] == []
    assert list(lookalike_words([*names, ALPHABETS[language]])) == []
    assert list(lookalike_words([*names, ALPHABETS[language], "Security", "log-archive"])) == []


def passes_for_ascii(character: str) -> bool:
    """Whether a person reads one letter, digit or separator of ASCII in it: raised and circled ones stand out."""
    plain = reading(character)
    stands_out = unicodedata.category(character) in ("Lm", "No", "Mc")
    stands_out |= "<circle>" in unicodedata.decomposition(character) or character in "\u00aa\u00ba\u0131\u3007"
    return not stands_out and len(plain) == 1 and plain.isascii() and (plain.isalnum() or plain in "/.-_@")


@cache
def lookalikes() -> tuple[str, ...]:
    """Return every assigned character that passes for one of ASCII; processes that only collect tests need none."""
    assigned = (c for c in map(chr, range(0x80, sys.maxunicode + 1)) if unicodedata.category(c)[0] != "C")
    return tuple(c for c in assigned if passes_for_ascii(c))


@cache
def letters_by_reading(script: str) -> dict[str, str]:
    letters = [c for c in lookalikes() if regex.match(rf"\p{{Script={script}}}", c)]
    return {reading(c): c for c in letters if unicodedata.category(c)[0] == "L"}


def test_no_character_that_passes_for_ascii_stands_in_a_latin_word() -> None:
    assert len(lookalikes()) > 1000
    assert [describe(c) for c in lookalikes() if not deception(f"secur{c}ty")] == []


@given(st.text(st.sampled_from("ABCEHIKMOPTXaceopxy"), min_size=1, max_size=8), st.sampled_from(["Cyrillic", "Greek"]))
def test_a_word_of_another_script_that_reads_as_ascii_is_a_trap_among_latin_names_alone(text: str, script: str) -> None:
    alike = letters_by_reading(script)
    word = "".join(alike.get(c, "") for c in text)
    if not word:
        return
    traps = dict(lookalike_words(["Security", "log-archive", word]))
    assert f'which reads as "{reading(word)}"' in traps[word]
    genuine = {"Cyrillic": "\u0411\u0435\u0437", "Greek": "\u03a8\u03c9"}[script]
    assert list(lookalike_words(["Security", word, genuine])) == []
    assert list(lookalike_words([word])) == []
