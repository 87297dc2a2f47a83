"""The widgets of the form: labeled fields, lists to choose from, and rows that stand below each other as a table."""

from html import escape
from typing import Any

WIDE_LAYOUT = {"width": "auto", "max_width": "44em"}
LABEL = {"description_width": "13em"}
# The tree and the cost stand next to the fields where there is room, and stay in view. A table has its labels in its
# head, and for screen readers in each row, where there is room for its columns; elsewhere each label stands above its
# field. JupyterLab's page is one for all notebooks: no class here is one of the extension's banner.
HIDDEN_LABEL = "position: absolute; width: 1px !important; height: 1px; overflow: hidden; clip-path: inset(50%);"
STYLE = f"""<style>
.orgkit-fields {{ display: flex; flex-flow: row wrap; gap: 0 2em; align-items: flex-start; }}
.orgkit-fields > :first-child {{ flex: 3 1 30em; min-width: 0; container-type: inline-size; }}
.orgkit-fields > :last-child {{ flex: 1 1 20em; min-width: 0; position: sticky; top: 0; }}
.orgkit-row {{ flex-wrap: wrap; align-items: flex-end; }} .orgkit-row > * {{ flex: 1 1 10em; min-width: 0; }}
.orgkit-row > button {{ flex: 0 0 7em; }} .orgkit-row > .orgkit-key {{ flex: 0 0 calc(100% - 4px); }}
.orgkit-names {{ font-weight: 600; display: none; }}
.orgkit-row .widget-inline-hbox {{ flex-direction: column; align-items: stretch; height: auto; }}
.orgkit-row .widget-label {{ width: auto; max-width: none; text-align: left; }}
.orgkit-row .widget-html {{ margin-left: 0; margin-right: 4px; }}
@container (max-width: 26em) {{
  .orgkit-row > * {{ flex-basis: 100%; }} .orgkit-row > button {{ flex-basis: 7em; margin-bottom: 1em; }}
  .orgkit-fields .widget-inline-hbox {{ flex-direction: column; align-items: stretch; height: auto; width: auto; }}
  .orgkit-fields .widget-label {{ width: auto; max-width: none; text-align: left; }}
}}
@container (min-width: 26em) {{
  .orgkit-compact.orgkit-names {{ display: flex; }} .orgkit-compact > .orgkit-key {{ flex: 0 0 7em; }}
  .orgkit-compact .widget-label {{ {HIDDEN_LABEL} }}
}}
@container (min-width: 44em) {{
  .orgkit-row > * {{ flex-basis: 6em; }} .orgkit-row > button {{ flex-basis: 7em; }}
  .orgkit-row > .orgkit-key {{ flex: 0 0 9em; }} .orgkit-row > .orgkit-key:last-child {{ flex: 0 0 7em; }}
  .orgkit-names {{ display: flex; }}
  .orgkit-row .widget-label {{ {HIDDEN_LABEL} }}
}}
.orgkit-picture {{ color-scheme: light; max-width: 100%; height: auto; }}
[data-jp-theme-light=false] .orgkit-picture {{ color-scheme: dark; }}
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

    cells = [ipywidgets.HTML(escape(name)) for name in (*names, "")]
    for cell in cells:
        if cell.value in ("key", ""):
            as_row_name(cell)
    head = table_row(*cells, compact=compact)
    head.add_class("orgkit-names")
    return head


def as_row_name(widget: Any) -> Any:
    """The first cell of a row, or the last of a head."""
    widget.add_class("orgkit-key")
    return widget


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
