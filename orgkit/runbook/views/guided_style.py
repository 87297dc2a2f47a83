"""How JupyterLab shows the outputs of a person's notebook: by JupyterLab's own colors, light and dark.

A sealed record has a style of its own, so nothing that is meant stands in a color or in a class alone.
"""

OUTPUT = ".jp-RenderedHTMLCommon"
STYLE = f"""
{OUTPUT} td, {OUTPUT} th, {OUTPUT} caption {{ text-align: left !important; vertical-align: top; }}
{OUTPUT} td.number, {OUTPUT} th.number {{ text-align: right !important; font-variant-numeric: tabular-nums; }}
{OUTPUT} table {{ font-size: 13px; }}
{OUTPUT} p {{ overflow-wrap: anywhere; }}
{OUTPUT} td {{ overflow-wrap: break-word; }}
.orgkit-phases td:nth-child(5) {{ white-space: nowrap; }}
.orgkit-plan > ul:first-child {{ display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 12px; padding: 0;
  list-style: none; }}
.orgkit-plan > ul:first-child > li {{ border: 1px solid var(--jp-border-color1); border-radius: 6px; padding: 6px 14px;
  font-size: 16px; font-weight: 600; }}
.orgkit-plan > ul:first-child + table {{ border-left: 5px solid #c26a00; background: var(--jp-layout-color2);
  margin: 8px 0; }}
.orgkit-plan > ul:first-child + table > caption {{ font-weight: 700; border-left: 5px solid #c26a00;
  background: var(--jp-layout-color2); padding: 8px 12px 0; }}
.orgkit-callout {{ border-left: 5px solid var(--jp-brand-color1); background: var(--jp-layout-color2);
  padding: 10px 16px; margin: 8px 0; border-radius: 4px; }}
.orgkit-callout > p {{ margin: 2px 0 !important; }}
.orgkit-callout > ul {{ margin: 4px 0 !important; }}
.orgkit-chip {{ display: inline-block; border-radius: 999px; padding: 1px 10px; font-weight: 600; white-space: nowrap;
  border: 1px solid currentcolor; }}
.orgkit-chip-done {{ color: #14692d; }}
.orgkit-chip-ready {{ color: #1255a6; }}
.orgkit-chip-waiting {{ color: #6b3fa0; }}
.orgkit-chip-drifted {{ color: #8a4700; }}
.orgkit-chip-not-yet, .orgkit-chip-unknown {{ color: var(--jp-ui-font-color1); }}
[data-jp-theme-light='false'] .orgkit-chip-done {{ color: #7ddc97; }}
[data-jp-theme-light='false'] .orgkit-chip-ready {{ color: #8ec1ff; }}
[data-jp-theme-light='false'] .orgkit-chip-waiting {{ color: #cfaaff; }}
[data-jp-theme-light='false'] .orgkit-chip-drifted {{ color: #ffc27a; }}
{OUTPUT} a.orgkit-open, {OUTPUT} button.orgkit-open {{ display: inline-block; border: 0; border-radius: 6px;
  padding: 10px 22px; font: 600 16px var(--jp-ui-font-family); background: #1255a6; color: #fff; cursor: pointer;
  text-decoration: none; }}
{OUTPUT} a.orgkit-open:hover, {OUTPUT} button.orgkit-open:hover {{ filter: brightness(1.12); }}
.orgkit-bar {{ height: 10px; border-radius: 5px; background: var(--jp-layout-color3); margin: 6px 0 10px;
  max-width: 40em; overflow: hidden; }}
.orgkit-bar > div {{ height: 100%; background: #1f7a3a; }}
td .orgkit-bar {{ width: 12em; margin: 4px 0; }}
.orgkit-steps {{ list-style: none; padding-left: 0 !important; }}
.orgkit-steps b {{ white-space: nowrap; }}
.orgkit-form {{ max-width: 42em; border: 1px solid var(--jp-border-color1); border-radius: 6px; padding: 12px 16px; }}
.orgkit-form .widget-text {{ flex-direction: column; align-items: stretch; height: auto; width: auto; }}
.orgkit-form .widget-text > .widget-label {{ width: auto; max-width: none; text-align: left; line-height: 1.6; }}
.orgkit-form .widget-text > input {{ height: 34px; }}
.orgkit-form .jupyter-button {{ height: 36px; padding: 0 22px; line-height: 34px;
  font-weight: 600; }}
.orgkit-plan > ul:first-child + table td {{ font-size: 15px; padding: 4px 14px 8px;
  background: var(--jp-layout-color2); }}
body:not(.orgkit-extension) .orgkit-with-extension {{ display: none; }}
@media (max-width: 800px) {{
  {OUTPUT} td {{ overflow-wrap: anywhere; }}
  {OUTPUT} td:first-child:not(:last-child) {{ overflow-wrap: break-word; }}
  .orgkit-phases thead, .orgkit-plan thead, .orgkit-outcomes thead {{ display: none; }}
  .orgkit-phases tr, .orgkit-plan tr, .orgkit-outcomes tr {{ display: block; padding: 8px 0; }}
  .orgkit-phases td, .orgkit-plan td, .orgkit-outcomes td, .orgkit-outcomes td.number {{ display: block;
    padding: 2px 8px; max-width: none !important; text-align: left !important; }}
  .orgkit-plan > ul:first-child + table tr {{ padding: 0; }}
  .orgkit-plan table:not(ul + table) td:first-child, .orgkit-outcomes td:first-child {{ float: left; }}
  .orgkit-plan table:not(ul + table) td:nth-child(2), .orgkit-outcomes td:nth-child(2) {{ display: flow-root; }}
  .orgkit-phases td:nth-child(4)::before {{ content: "last run: "; }}
  .orgkit-plan td:nth-child(3)::before {{ content: "why: "; }}
  .orgkit-plan td:nth-child(4)::before {{ content: "IAM actions: "; }}
  .orgkit-plan td:nth-child(5)::before {{ content: "USD a month: "; }}
  .orgkit-outcomes table:not(.orgkit-slots) td:nth-child(4):not(:empty)::before {{ content: "seconds: "; }}
  .orgkit-outcomes td:nth-child(5):not(:empty)::before {{ content: "request id: "; }}
}}
"""
