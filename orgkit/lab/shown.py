"""How Jupyter shows what is on the start page, beside the nouns of the runbooks."""

from orgkit.lab.form import show_form
from orgkit.lab.page import Editor, Road, Start, view_of_start
from orgkit.runbook import display
from orgkit.runbook.guided import is_guided


def register() -> None:
    """Teach the running IPython; nothing happens outside of one."""
    from IPython import get_ipython

    display.register()
    shell = get_ipython()
    if shell is None:
        return
    if not is_guided():
        display.show_style()  # this page is for a person, whoever runs it first
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type(Start, lambda it, **_: view_of_start(it).bundle())
    formatter.for_type(Road, lambda it, **_: it.view().bundle())
    formatter.for_type(Editor, lambda it, **_: it.view().bundle())
    shell.display_formatter.ipython_display_formatter.for_type(Editor, _show_editor)


def _show_editor(editor: Editor) -> None:
    from IPython.display import display as show

    if editor.guided:
        show_form(editor.file)
    else:
        show(editor.view().bundle(), raw=True)
