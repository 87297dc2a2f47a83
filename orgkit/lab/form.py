"""The form for a parameters file: fields, problems in the words of `orgkit check`, the tree and the cost as one types.

Nothing here calls AWS. Every callback writes its own errors into the form: they would show nowhere else.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from orgkit.costs.estimate.estimate import estimate
from orgkit.errors import OrgkitError, require_packages
from orgkit.lab.draft import CheckedDraft, Draft, place_to_save
from orgkit.records.outputs import project_of
from orgkit.runbook.views.tables import as_status
from orgkit.runbook.views.tree import as_svg, desired_tree

WIDE_LAYOUT = {"width": "46em"}
LABEL = {"description_width": "16em"}
FIELDS = (  # key of [organization], label, hint, optional
    ("management_account_id", "Management account id", "twelve digits", False),
    ("email", "Its root e-mail", "aws-management@example.com", False),
    ("name", "Name of the organization", "acme", False),
    ("email_convention", "E-mail convention", "aws-{key}@example.com", True),
    ("home_region", "Home region", "us-east-1", True),
)
MEMBER_FIELDS = {
    "accounts": (("email", "root e-mail", False), ("unit", "unit", False)),
    "imports": (("id", "account id", False), ("email", "root e-mail", False), ("unit", "unit", False),
                ("profile", "profile of its owner", True)),
}  # fmt: skip


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
        self.place = self._text("Save as", "parameters/acme.toml")
        self.place.value = place_to_save(draft)
        self.save_button = widgets.Button(
            description="Save the file", button_style="primary", tooltip="Write the parameters file"
        )
        self.save_button.on_click(lambda _: self._guard(lambda _: self._save())(None))
        accordion = widgets.Accordion(children=[self.whole], titles=("The whole file, as text",), selected_index=None)
        self.box = widgets.VBox(
            [self.rows, accordion, self.problems, self.tree, self.cost,
             widgets.HBox([self.place, self.save_button]), self.saved]
        )  # fmt: skip
        self.fields: dict[tuple[str, ...], Any] = {}
        self.draw()

    def draw(self) -> None:
        """Everything anew: after a section came or went, or after the text was changed by hand."""
        self._drawing = True
        try:
            self.fields = {}
            parts = [*self._organization(), *self._units(), *self._members("accounts", "Accounts to create"),
                     *self._members("imports", "Accounts to import"), *self._trail()]  # fmt: skip
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
        self.tree.value = as_svg(desired_tree(draft_check.desired)) if draft_check.desired else ""
        self.cost.value = _cost(draft_check)

    def _organization(self) -> list[Any]:
        fields = [
            self._field(label, hint, ("organization", key), optional=optional) for key, label, hint, optional in FIELDS
        ]
        return [self._title("The organization"), *fields]

    def _units(self) -> list[Any]:
        area = self.widgets.Textarea(
            description="One path a line", value="\n".join(self.draft.keys("units")), placeholder="Security/Audit",
            layout={"width": "46em", "height": "7em"}, style=LABEL,
        )  # fmt: skip
        area.observe(self._guard(lambda change: self._set_units(change["new"])), "value")
        self.fields["units",] = area
        return [self._title("Organizational units"), area]

    def _set_units(self, typed: str) -> None:
        wanted_paths = [line.strip() for line in typed.splitlines() if line.strip()]
        for path in self.draft.keys("units"):
            if path not in wanted_paths:
                self.draft.remove("units", path)
        for path in wanted_paths:
            self.draft.add("units", path, {})
        self.refresh()

    def _members(self, section: str, title: str) -> list[Any]:
        rows = [self._member(section, key) for key in self.draft.keys(section)]
        key = self._text("Key of a new one", "website-test")
        add = self.widgets.Button(description="Add", tooltip=f"Add it to: {title}")
        add.on_click(lambda _: self._guard(lambda _: self._add(section, key.value.strip()))(None))
        self.fields[section, "+"], self.fields[section, "add"] = key, add
        return [self._title(title), *rows, self.widgets.HBox([key, add])]

    def _member(self, section: str, key: str) -> Any:
        fields = [
            self._field(f"{key}: {label}", "", (section, key, name), optional=optional)
            for name, label, optional in MEMBER_FIELDS[section]
        ]
        remove = self.widgets.Button(
            description=f"Remove {key}",
            tooltip=f"Take {key} out of the file; nothing is removed from AWS",
            layout={"width": "auto", "align_self": "flex-start", "margin": "2px 2px 12px 16.5em"},
        )
        remove.on_click(lambda _: self._guard(lambda _: self._remove(section, key))(None))
        return self.widgets.VBox([*fields, remove])

    def _trail(self) -> list[Any]:
        return [
            self._title("The organization trail"),
            self._field("Log archive account", "key of an account above", ("trail", "log_archive_account")),
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

    def _field(self, label: str, hint: str, place: tuple[str, ...], *, optional: bool = False) -> Any:
        field = self._text(label, hint)
        field.value = self.draft.value(*place)

        def put(change: dict[str, str]) -> None:
            self.draft.put(change["new"].strip(), *place, optional=optional)
            self.refresh()

        field.observe(self._guard(put), "value")
        self.fields[place] = field
        return field

    def _text(self, label: str, hint: str) -> Any:
        return self.widgets.Text(description=label, placeholder=hint, layout=WIDE_LAYOUT, style=LABEL)

    def _title(self, text: str) -> Any:
        return self.widgets.HTML(f"<h3>{escape(text)}</h3>")

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


def _problems(draft_check: CheckedDraft) -> str:
    if not draft_check.problems:
        return as_status("The file is well-formed.")
    listed = "".join(f"<li>{escape(problem)}</li>" for problem in draft_check.problems)
    count = len(draft_check.problems)
    heading = f"{count} problem{'s' if count > 1 else ''}:"
    return f'<div role="status" aria-live="polite"><p>{heading}</p><ul>{listed}</ul></div>'


def _cost(draft_check: CheckedDraft) -> str:
    if draft_check.desired is None:
        return "<p>The tree and the cost are shown when the errors are fixed.</p>"
    try:
        cost_estimate = estimate(draft_check.desired)
    except OrgkitError as stop:
        return as_status(stop.reason)
    return f"<p>{cost_estimate.sentence}.</p>"
