"""The widgets of the form: labeled fields, lists to choose from, and rows that stand below each other as a table."""

from html import escape
from typing import Any

WIDE_LAYOUT = {"width": "auto", "max_width": "44em"}
LABEL = {"description_width": "13em"}
# The tree and the cost stand next to the fields where there is room, and stay in view. A table with few columns has its
# labels in its head, and for screen readers in each row; so has every table where there is room for it. Elsewhere each
# label stands above its field.
STYLE = """<style>
.orgkit-fields { display: flex; flex-flow: row wrap; gap: 0 2em; align-items: flex-start; }
.orgkit-fields > :first-child { flex: 3 1 30em; min-width: 0; container-type: inline-size; }
.orgkit-fields > :last-child { flex: 1 1 20em; min-width: 0; position: sticky; top: 0; }
.orgkit-row { flex-wrap: wrap; align-items: flex-end; } .orgkit-row > * { flex: 1 1 10em; min-width: 0; }
.orgkit-row > button { flex: 0 0 7em; } .orgkit-row > .orgkit-name { flex: 0 0 100%; }
.orgkit-head { font-weight: 600; } .orgkit-head:not(.orgkit-compact) { display: none; }
.orgkit-row:not(.orgkit-compact) > .widget-inline-hbox { flex-direction: column; align-items: stretch; height: auto; }
.orgkit-row:not(.orgkit-compact) .widget-label { width: auto; max-width: none; text-align: left; }
.orgkit-compact .orgkit-name { flex: 0 0 7em; }
.orgkit-compact .widget-label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@container (min-width: 54em) {
  .orgkit-row > .orgkit-name { flex: 0 0 9em; } .orgkit-row > .orgkit-name:last-child { flex: 0 0 7em; }
  .orgkit-head:not(.orgkit-compact) { display: flex; }
  .orgkit-row .widget-label { position: absolute; width: 1px !important; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
}
.orgkit-picture { color-scheme: light; max-width: 100%; height: auto; }
[data-jp-theme-light=false] .orgkit-picture { color-scheme: dark; }
</style>"""


def text_field(label: str, hint: str) -> Any:
    """A line of text."""
    import ipywidgets

    return ipywidgets.Text(description=label, placeholder=hint, layout=WIDE_LAYOUT, style=LABEL)


def choice_field(label: str, hint: str, options: list[str], *, strict: bool = True) -> Any:
    """A line with a list to choose from. Where it is not strict it shows, and takes, what is in no list."""
    import ipywidgets

    return ipywidgets.Combobox(
        description=label, placeholder=hint, options=options, ensure_option=strict, layout=WIDE_LAYOUT, style=LABEL
    )


def table_head(*names: str, compact: bool = False) -> Any:
    """The names of columns; the last column has none."""
    import ipywidgets

    cells = [ipywidgets.HTML(escape(name)) if name not in ("key", "") else row_name(name) for name in (*names, "")]
    head = table_row(*cells, compact=compact)
    head.add_class("orgkit-head")
    return head


def row_name(text: str) -> Any:
    """The first cell of a row."""
    import ipywidgets

    name = ipywidgets.HTML(f"<b>{escape(text)}</b>")
    name.add_class("orgkit-name")
    return name


def table_row(*cells: Any, compact: bool = False) -> Any:
    """Cells next to each other. Compact: there is always room for all of them, and their labels stand in the head."""
    import ipywidgets

    row = ipywidgets.HBox(cells)
    row.add_class("orgkit-row")
    if compact:
        row.add_class("orgkit-compact")
    return row


def heading(text: str) -> Any:
    """The heading of a section."""
    import ipywidgets

    return ipywidgets.HTML(f"<h3>{escape(text)}</h3>")
