"""A page on paper: without menu and buttons, with no chart cut in two."""

import streamlit as st

_PAPER = """
<style>
@media print {
  html, body, #root, .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
    position: static !important; display: block !important; height: auto !important;
    overflow: visible !important; background: #fff !important; color: #12211E !important; }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: none !important; }
  [data-testid="stVegaLiteChart"], [data-testid="stDataFrame"], .figures, tr {
    break-inside: avoid; }
  [data-testid="stVerticalBlock"] { display: block !important; }
  [data-testid="stHorizontalBlock"] { display: flex !important; flex-wrap: nowrap !important;
    gap: 1rem; break-inside: avoid; }
  [data-testid="stColumn"] { min-width: 0 !important; flex: 1 1 0 !important; }
  [class*="st-key-on_one_page"] { break-inside: avoid; }
  [data-testid="stVegaLiteChart"] .marks { max-width: 100% !important; height: auto !important; }
  [data-testid="stHeading"], h1, h2, h3, h4 { break-after: avoid; }
  .figures { overflow: visible !important; }
  .figures table { font-size: .78rem; }
  .only_on_paper { break-inside: auto !important; }
  .only_on_paper th, .only_on_paper td { padding: .15rem .35rem; font-size: .68rem; }
  * { color: #12211E !important; }
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"],
  [data-testid="stDownloadButton"], [data-testid="stButton"], [data-testid="stExpandSidebarButton"],
  [class*="st-key-not_on_paper"] { display: none !important; }
  svg.marks { background: #fff !important; }
  svg.marks > rect { fill: #fff; }
  svg.marks .role-axis-grid line { stroke: #E2E6E5; }
  svg.marks .mark-text:is([class*="role-axis"], [class*="role-legend"]) text { fill: #12211E; }
  @page { size: A4; margin: 14mm; }
}
</style>
"""
_button = st.components.v2.component(
    "parkcore_print",
    html='<button type="button">Print this page</button>',
    css="""button { padding: .4rem .9rem; font: inherit; cursor: pointer;
        color: var(--st-text-color); background: var(--st-background-color);
        border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); }
        button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }""",
    js="""export default function ({ parentElement }) {
        parentElement.querySelector('button').onclick = () => window.print();
    }""",
)


def for_paper() -> None:
    """Make the page one that can be printed."""
    st.html(_PAPER)


def print_button() -> None:
    with st.container(key="not_on_paper_print"):
        _button(key="print")
