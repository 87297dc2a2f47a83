"""Frozen dataclasses that are made fast: every command and every kernel makes hundreds, and uses few.

The decorator of the standard library compiles six functions for each frozen class, in 0.6 ms. Here the standard
library collects the fields; the methods of all classes are shared code, and a constructor is compiled when it is first
called. Type checkers see the decorator of the standard library.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import FrozenInstanceError, fields, make_dataclass
from dataclasses import dataclass as standard_dataclass
from inspect import Signature, signature
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")
SHARED = {"frozen", "kw_only", "repr"}  # the options that are supported here; the standard library has the others

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type[T] | None = None, /, **options: bool) -> Any:
        """Make a dataclass as `dataclasses.dataclass` does.

        Args:
            cls: The class, where the decorator has no arguments.
            options: As in the standard library.

        Returns:
            The class, or a decorator for it.
        """

        def decorate(undecorated: type[T]) -> type[T]:
            if options.get("frozen") and options.keys() <= SHARED:
                return _freeze(undecorated, options.get("kw_only", False), options.get("repr", True))
            return standard_dataclass(undecorated, **options)

        return decorate if cls is None else decorate(cls)


class _PostponedSignature:
    """What `inspect.signature` and `help` read of a class whose constructor is not compiled yet."""

    def __get__(self, _instance: object, owner: Any) -> Signature:
        """Return the constructor's signature without `self`."""
        constructor = owner.__init__  # of this class, or of a subclass that has its own
        whole = signature(getattr(constructor, "compiled", lambda: constructor)())
        return whole.replace(parameters=list(whole.parameters.values())[1:])


def _freeze(cls: Any, kw_only: bool, with_repr: bool) -> Any:
    """Give the class the methods that `dataclasses.dataclass(frozen=True)` would compile for it."""
    defined = dict(vars(cls))
    cls.__doc__ = cls.__doc__ or cls.__name__  # the standard library would compute a signature, in 1 ms
    standard_dataclass(cls, init=False, repr=False, eq=False, kw_only=kw_only)
    methods = {**_comparison(cls), **_protection(cls), "__init__": _postponed_constructor(cls)}
    if with_repr:
        methods["__repr__"] = _representation(cls)
    for name, method in methods.items():
        # As in the standard library: a class that defines __eq__ has None as its __hash__, which is no choice.
        if name not in defined or (name == "__hash__" and defined[name] is None and "__eq__" in defined):
            method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
            setattr(cls, name, method)
    cls.__signature__ = _PostponedSignature()
    return cls


def _comparison(cls: Any) -> dict[str, Any]:
    names = [field.name for field in fields(cls) if field.compare]
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _self: ()

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": hashed}


def _protection(cls: Any) -> dict[str, Any]:
    names = frozenset(field.name for field in fields(cls))

    def set_attribute(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete_attribute(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": set_attribute, "__delattr__": delete_attribute}


def _representation(cls: Any) -> Any:
    names = [field.name for field in fields(cls) if field.repr]

    @recursive_repr()
    def representation(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({values})"

    return representation


def _postponed_constructor(cls: Any) -> Any:
    """Return a constructor that replaces itself at its first call by the one that the standard library compiles."""

    def compiled() -> Any:
        namespace = {"__post_init__": cls.__post_init__} if hasattr(cls, "__post_init__") else {}
        members = [(field.name, field.type, copy(field)) for field in fields(cls)]
        same_fields: Any = make_dataclass("SameFields", members, namespace=namespace, frozen=True, repr=False, eq=False)
        constructor = same_fields.__init__  # which works for any class with these fields
        constructor.__qualname__, constructor.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
        cls.__init__ = constructor
        return constructor

    def postponed(self: Any, *values: Any, **named_values: Any) -> None:
        compiled()(self, *values, **named_values)

    vars(postponed)["compiled"] = compiled
    return postponed
