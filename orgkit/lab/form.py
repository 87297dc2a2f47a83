"""The form for a parameters file: fields, problems in the words of `orgkit check`, the tree and the cost as one types.

Nothing here calls AWS. Every callback writes its own errors into the form: they would show nowhere else.
"""

from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from orgkit.costs.estimate.estimate import estimate
from orgkit.errors import OrgkitError, require_packages
from orgkit.lab.draft import CheckedDraft, Draft, place_to_save
from orgkit.lab.form_widgets import (
    LABEL,
    STYLE,
    WIDE_LAYOUT,
    as_row_name,
    choice_field,
    heading,
    table_head,
    table_row,
    text_field,
)
from orgkit.lab.unit_keys import is_below, path_of
from orgkit.model.desired import format_path
from orgkit.records.outputs import project_of
from orgkit.runbook.views.tables import as_status
from orgkit.runbook.views.tree import as_svg, as_text, desired_tree

FIELDS = (  # key of [organization], label, hint, optional
    ("management_account_id", "Management account id", "twelve digits", False),
    ("email", "Its root email", "aws-management@example.com", False),
    ("name", "Name of the organization", "acme", False),
    ("email_convention", "Email convention", "aws-{key}@example.com", True),
    ("home_region", "Home region", "us-east-1", True),
)
UNIT = "unit"  # chosen from the units of the file
MEMBER_FIELDS = {  # key, label, optional
    "accounts": (("email", "root email", False), (UNIT, "unit", False)),
    "imports": (("id", "account id", False), ("email", "root email", False), (UNIT, "unit", False),
                ("profile", "profile of its owner", True)),
}  # fmt: skip


KEY_TOOLTIP = "Only before the account is made: orgkit recognizes it by this key"
NEW_KEY_LABELS = {"accounts": "Key of a new account", "imports": "Key of a new import"}


def show_form(file: Path) -> None:
    """Display it for a person."""
    from IPython.display import display

    display(Form(Draft.load(file)).box)


class Form:
    """Fields over one draft. Whatever changes, the draft is changed first, and everything shown is drawn from it."""

    def __init__(self, draft: Draft) -> None:
        require_packages("The form for the parameters file", "ipywidgets")
        import ipywidgets as widgets

        self.widgets, self.draft, self._drawing = widgets, draft, False
        self.problems, self.tree, self.cost, self.saved = (widgets.HTML() for _ in range(4))
        self.rows = widgets.VBox()
        self.whole = widgets.Textarea(
            description="The whole file", layout={"width": "60em", "height": "24em"}, style=LABEL
        )
        self.whole.observe(self._guard(self._typed_text), "value")
        self.place = text_field("Save as", "parameters/acme.toml")
        self.place.value = place_to_save(draft)
        self.save_button = widgets.Button(
            description="Save the file", button_style="primary", tooltip="Write the parameters file"
        )
        self.save_button.on_click(lambda _: self._guard(lambda _: self._save())(None))
        accordion = widgets.Accordion(children=[self.whole], titles=("The whole file, as text",), selected_index=None)
        effect = widgets.VBox([self.problems, self.tree, self.cost])
        fields = widgets.Box([self.rows, effect])
        fields.add_class("orgkit-fields")
        self.box = widgets.VBox(
            [widgets.HTML(STYLE), fields, accordion, widgets.HBox([self.place, self.save_button]), self.saved]
        )
        self.fields: dict[tuple[str, ...], Any] = {}
        self.draw()

    def draw(self) -> None:
        """Everything anew: after a section came or went, or after the text was changed by hand."""
        self._drawing = True
        try:
            self.fields = {}
            parts = [*self._organization(), *self._units(), *self._members("accounts", "Accounts to create"),
                     *self._members("imports", "Accounts to import"), *self._trail(), *self._alerts()]  # fmt: skip
            self.rows.children = tuple(parts) if self.draft.document is not None else ()
        finally:
            self._drawing = False
        self.refresh()

    def refresh(self) -> None:
        """What follows from the draft: its text, its problems, its tree, its cost."""
        self._drawing = True
        try:
            self.whole.value = self.draft.text
        finally:
            self._drawing = False
        draft_check = self.draft.check()
        self.problems.value = _problems(draft_check)
        self.tree.value = _tree(draft_check)
        self.cost.value = _cost(draft_check)

    def _organization(self) -> list[Any]:
        fields = [
            self._field(label, hint, ("organization", key), optional=optional) for key, label, hint, optional in FIELDS
        ]
        return [heading("The organization"), *fields]

    def _units(self) -> list[Any]:
        """A row for each unit, indented by its depth: its name, the unit in which it lies, a button to remove it."""
        keys = sorted(self.draft.keys("units"), key=path_of)
        parent, name = choice_field("Unit above the new one", "the root", ["", *keys]), text_field("New unit", "Audit")
        add = self._button("Add unit", "Add it to the organizational units", lambda: self._add_unit(parent, name))
        self.fields["units", "parent"], self.fields["units", "+"], self.fields["units", "add"] = parent, name, add
        rows = [self._unit(key, keys) for key in keys]
        return [
            heading("Organizational units"), table_head("name", "in the unit", compact=True),
            *rows, table_row(name, parent, add, compact=True),
        ]  # fmt: skip

    def _unit(self, key: str, keys: list[str]) -> Any:
        *parents, own_name = path_of(key)
        name = text_field(f"{key}: name", "")
        name.continuous_update, name.value = False, own_name
        candidates = ["", *(other for other in keys if other != key and not is_below(other, key))]
        parent = choice_field(f"{key}: in the unit", "the root", candidates)
        parent.value = format_path(tuple(parents))
        name.layout.margin = f"2px 2px 2px {1.5 * len(parents)}em"
        move = self._guard(lambda _: self._move_unit(key, parent.value, name.value))
        for field in (name, parent):
            field.observe(move, "value")
        remove = self._button(
            "Remove", f"Take {key} out of the file; nothing is removed from AWS", lambda: self._remove_unit(key)
        )
        self.fields["units", key, "name"], self.fields["units", key, "parent"] = name, parent
        self.fields["units", key, "remove"] = remove
        return table_row(name, parent, remove, compact=True)

    def _add_unit(self, parent: Any, name: Any) -> None:
        if not name.value.strip():
            self.saved.value = as_status("Type the name of the new unit first.")
            return
        self.draft.add("units", format_path((*path_of(parent.value), name.value.strip())), {})
        self.draw()

    def _move_unit(self, key: str, parent: str, name: str) -> None:
        try:
            if not name.strip():
                raise OrgkitError("A unit needs a name.", f"To take {key} out of the file, press Remove.")
            self.draft.rename_unit(key, format_path((*path_of(parent), name.strip())))
        finally:
            self.draw()  # also when that could not be done: the fields show what is in the file

    def _remove_unit(self, key: str) -> None:
        children = [other for other in self.draft.keys("units") if is_below(other, key)]
        if children:
            self.saved.value = as_status(f"{', '.join(children)} lies in {key}: remove or move it first.")
            return
        self._remove("units", key)

    def _members(self, section: str, title: str) -> list[Any]:
        rows = [self._member(section, key) for key in self.draft.keys(section)]
        key = text_field(NEW_KEY_LABELS[section], "website-test")
        add = self._button("Add", f"Add it to: {title}", lambda: self._add(section, key.value.strip()))
        self.fields[section, "+"], self.fields[section, "add"] = key, add
        head = [table_head("key", *(label for _, label, _ in MEMBER_FIELDS[section]))] if rows else []
        return [heading(title), *head, *rows, table_row(key, add)]

    def _member(self, section: str, key: str) -> Any:
        units = sorted(self.draft.keys("units"), key=path_of)
        fields = [
            self._field(
                f"{key}: {label}", "", (section, key, name), optional=optional, options=units if name == UNIT else None
            )
            for name, label, optional in MEMBER_FIELDS[section]
        ]
        remove = self._button(
            "Remove", f"Take {key} out of the file; nothing is removed from AWS", lambda: self._remove(section, key)
        )
        own_key = as_row_name(text_field(f"{key}: key", ""))
        own_key.continuous_update, own_key.value, own_key.tooltip = False, key, KEY_TOOLTIP
        own_key.observe(self._guard(lambda change: self._rename(section, key, change["new"].strip())), "value")
        self.fields[section, key, "remove"], self.fields[section, key, "key"] = remove, own_key
        return table_row(own_key, *fields, remove)

    def _rename(self, section: str, key: str, new: str) -> None:
        try:
            self.draft.rename_account(section, key, new)
        finally:
            self.draw()  # also when that could not be done: the field shows what is in the file

    def _alerts(self) -> list[Any]:
        area = self.widgets.Textarea(
            description="One email a line", value="\n".join(self.draft.values("billing", "alerts")),
            placeholder="finance@example.com", layout={**WIDE_LAYOUT, "height": "5em"}, style=LABEL,
        )  # fmt: skip
        area.observe(self._guard(lambda change: self._set_alerts(change["new"])), "value")
        self.fields["alerts",] = area
        return [heading("Who is alerted when the bill grows"), area]

    def _set_alerts(self, typed: str) -> None:
        self.draft.put(
            [line.strip() for line in typed.splitlines() if line.strip()], "billing", "alerts", optional=True
        )
        self.refresh()

    def _trail(self) -> list[Any]:
        return [
            heading("The organization trail"),
            self._field(
                "Log archive account",
                "key of an account above",
                ("trail", "log_archive_account"),
                options=self.draft.keys("accounts"),
            ),
        ]

    def _add(self, section: str, key: str) -> None:
        if not key:
            self.saved.value = as_status("Type the key of the new account first: lower-case letters, digits, hyphens.")
            return
        first = next(iter(self.draft.keys("units")), "")
        values = {"email": self.draft.email_of(key), "unit": first}
        self.draft.add(section, key, {"id": "", **values} if section == "imports" else values)
        self.draw()

    def _remove(self, section: str, key: str) -> None:
        self.draft.remove(section, key)
        self.draw()

    def _typed_text(self, change: dict[str, str]) -> None:
        self.draft.text = change["new"]
        self.draw()

    def _save(self) -> None:
        place = project_of(self.draft.path) / self.place.value.strip()
        problems = len(self.draft.check().problems)
        old_path = self.draft.path
        self.draft.save(place)
        message = f"Saved to {self.place.value.strip()}."
        message += f" It has {problems} problem(s) still." if problems else ""
        is_same_file = place.absolute() == old_path.absolute()
        next_step = (
            "Run the cells above again." if is_same_file else f"To work with it: orgkit lab {self.place.value.strip()}"
        )
        self.saved.value = as_status(f"{message} {next_step}")

    def _field(
        self, label: str, hint: str, place: tuple[str, ...], *, optional: bool = False, options: list[str] | None = None
    ) -> Any:
        field = text_field(label, hint) if options is None else choice_field(label, hint, options, strict=False)
        field.value = self.draft.value(*place)

        def put(change: dict[str, str]) -> None:
            self.draft.put(change["new"].strip(), *place, optional=optional)
            self.refresh()

        field.observe(self._guard(put), "value")
        self.fields[place] = field
        return field

    def _button(self, label: str, tooltip: str, act: Callable[[], None]) -> Any:
        button = self.widgets.Button(description=label, tooltip=tooltip)
        button.on_click(lambda _: self._guard(lambda _: act())(None))
        return button

    def _guard(self, act: Callable[[Any], None]) -> Callable[[Any], None]:
        """Not while we draw ourselves; and no error is lost."""

        def guarded(change: Any) -> None:
            if self._drawing:
                return
            try:
                self.saved.value = ""
                act(change)
            except OrgkitError as stop:
                self.saved.value = as_status(f"{stop.reason} {stop.remedy}")
            except Exception as error:
                self.saved.value = as_status(f"This could not be done: {type(error).__name__}: {error}")

        return guarded


def _tree(draft_check: CheckedDraft) -> str:
    """As a picture of its own, which follows JupyterLab's theme; drawn into the page, its style would be the page's."""
    if draft_check.desired is None:
        return ""
    source = b64encode(as_svg(desired_tree(draft_check.desired)).encode(errors="replace")).decode()
    words = escape(as_text(desired_tree(draft_check.desired)))
    return f'<img class="orgkit-picture" alt="{words}" src="data:image/svg+xml;base64,{source}">'


def _problems(draft_check: CheckedDraft) -> str:
    if not draft_check.problems:
        return as_status("The file is well-formed.")
    listed = "".join(f"<li>{escape(problem)}</li>" for problem in draft_check.problems)
    count = len(draft_check.problems)
    summary = f"{count} problem{'s' if count > 1 else ''}:"
    return f'<div role="status" aria-live="polite"><p>{summary}</p><ul>{listed}</ul></div>'


def _cost(draft_check: CheckedDraft) -> str:
    if draft_check.desired is None:
        return "<p>The tree and the cost are shown when the errors are fixed.</p>"
    try:
        cost_estimate = estimate(draft_check.desired)
    except OrgkitError as stop:
        return as_status(stop.reason)
    return f"<p>{cost_estimate.sentence}.</p>"
