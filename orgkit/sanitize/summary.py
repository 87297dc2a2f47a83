"""Public values in one line, for a terminal, and as a small table, for a notebook."""

from abc import abstractmethod
from html import escape

from orgkit.sanitize.terminal import flat


class Summary:
    """A value that shows what matters of it instead of all its fields; those stay as attributes."""

    @abstractmethod
    def summary(self) -> dict[str, object]:
        """Return what is shown, by its name."""

    def __repr__(self) -> str:
        text = ", ".join(f"{name}={flat(str(value))}" for name, value in self.summary().items())
        return f"<{type(self).__name__} {text}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(flat(str(value)))}</td></tr>"
            for name, value in self.summary().items()
        )
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"
