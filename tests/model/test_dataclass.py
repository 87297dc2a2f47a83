"""The frozen dataclasses of orgkit behave as those of the standard library."""

import copy
import dataclasses
import inspect
import pickle
import sys
from dataclasses import FrozenInstanceError, field
from functools import cached_property
from typing import ClassVar

import pytest

from orgkit.dataclass import dataclass


def both(decorator):
    """The same classes, made by one of the two decorators."""

    @decorator(frozen=True)
    class Account:
        """An account."""

        kind: ClassVar = "account"
        name: str
        tags: tuple[str, ...] = ()
        limits: list[int] = field(default_factory=list, compare=False)
        note: str = field(default="", repr=False)

        @cached_property
        def shout(self) -> str:
            return self.name.upper()

    @decorator(frozen=True, kw_only=True)
    class Member(Account):
        """An account with an id."""

        id: int

        def __post_init__(self) -> None:
            object.__setattr__(self, "id", self.id + 1)

    @decorator(frozen=True, repr=False)
    class Own:
        """A class with methods of its own."""

        name: str

        def __eq__(self, other: object) -> bool:
            return True

    @decorator(frozen=True)
    class Empty:
        """A class without fields."""

    return {"account": Account, "member": Member, "own": Own, "empty": Empty}


OURS, STANDARD = both(dataclass), both(dataclasses.dataclass)


def in_both(do):
    """What a function returns or raises for each of the two, as text without addresses."""
    outcomes = []
    for classes in (STANDARD, OURS):
        try:
            outcomes.append(do(classes))
        except Exception as error:
            outcomes.append((type(error), str(error)))
    return outcomes


@pytest.mark.parametrize(
    "do",
    [
        lambda c: repr(c["account"]("a", ("t",), [1], "n")),
        lambda c: repr(c["member"](name="a", id=1)),
        lambda c: c["account"](),
        lambda c: c["account"]("a", color="red"),
        lambda c: c["account"]("a", name="b"),
        lambda c: c["member"]("a", 5),
        lambda c: setattr(c["account"]("a"), "name", "b"),
        lambda c: setattr(c["account"]("a"), "other", "b"),
        lambda c: delattr(c["account"]("a"), "name"),
        lambda c: setattr(c["member"]("a", id=1), "tags", "b"),
        lambda c: c["account"]("a") == c["account"]("a", limits=[4]),
        lambda c: c["account"]("a") == c["account"]("b"),
        lambda c: c["account"]("a") == c["member"]("a", id=3),
        lambda c: c["account"]("a") == "a",
        lambda c: c["own"]("a") == c["own"]("b"),
        lambda c: hash(c["own"]("a")) == hash(c["own"]("a")),
        lambda c: len({c["account"]("a"), c["account"]("a", limits=[1]), c["account"]("b")}),
        lambda c: c["empty"]() == c["empty"](),
        lambda c: (repr(c["empty"]()), len({c["empty"](), c["empty"]()})),
        lambda c: c["empty"](1),
        lambda c: dataclasses.asdict(c["member"]("a", id=2, limits=[1])),
        lambda c: repr(dataclasses.replace(c["member"]("a", id=2), name="b")),
        lambda c: dataclasses.replace(c["member"]("a", id=2), kind="b"),
        lambda c: [(f.name, f.type, f.kw_only) for f in dataclasses.fields(c["member"])],
        lambda c: c["account"].__match_args__ + c["member"].__match_args__,
        lambda c: c["account"]("a").shout,
        lambda c: repr(copy.deepcopy(c["account"]("a", limits=[1]))),
        lambda c: (c["account"].tags, hasattr(c["account"], "limits"), c["account"].kind),
        lambda c: c["account"]("a").limits is c["account"]("a").limits,
    ],
)
def test_a_frozen_class_behaves_as_that_of_the_standard_library(do):
    expected, ours = in_both(do)
    assert ours == expected


def test_a_subclass_that_is_no_dataclass_keeps_its_own_constructor_and_attributes():
    def of(classes):
        class Plain(classes["account"]):
            def __init__(self) -> None:
                super().__init__("plain")
                self.extra = 1

        made = Plain()
        with pytest.raises(FrozenInstanceError):
            made.name = "b"
        del made.extra
        return repr(made), hasattr(made, "extra"), str(inspect.signature(Plain))

    assert in_both(of) == [of(STANDARD), of(STANDARD)]


@dataclass(frozen=True)
class Pickled:
    """A class that can be imported, as pickle needs it."""

    name: str


def test_an_object_that_was_unpickled_before_the_first_constructor_call_is_equal():
    raw = pickle.dumps(Pickled("a"))
    assert pickle.loads(raw) == Pickled("a")


def test_a_class_shows_its_signature_before_its_constructor_is_compiled():
    fresh = [str(inspect.signature(both(decorator)["member"])) for decorator in (dataclasses.dataclass, dataclass)]
    assert fresh[0] == fresh[1] != ""


def test_a_constructor_is_compiled_at_its_first_call():
    @dataclass(frozen=True)
    class Late:
        """A class of this test."""

        name: str

    postponed = Late.__init__
    assert Late("a").name == "a"
    assert Late.__init__ is not postponed
    assert (Late.__init__.__qualname__, Late.__init__.__module__) == (f"{Late.__qualname__}.__init__", __name__)


def test_a_frozen_class_compiles_no_method_when_it_is_made(monkeypatch):
    compiled = []
    sys.addaudithook(lambda event, arguments: compiled.append(arguments) if event == "compile" and collects else None)
    collects = True

    @dataclass(frozen=True)
    class Quiet:
        """A class of this test."""

        name: str

    made = len(compiled)
    Quiet("a")
    collects = False
    assert made <= 1 < len(compiled)  # from Python 3.13 on, the standard library compiles an empty function


def test_options_that_are_not_shared_are_those_of_the_standard_library():
    @dataclass(frozen=True, order=True)
    class Ordered:
        """A class of this test."""

        name: str

    @dataclass
    class Open:
        """A class of this test."""

        name: str

    assert Ordered("a") < Ordered("b")
    changed = Open("a")
    changed.name = "b"
    assert changed == Open("b")
