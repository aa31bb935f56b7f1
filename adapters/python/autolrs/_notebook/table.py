"""The summary of a run as a table of HTML: the tuner's own words, laid out for a cell."""

from __future__ import annotations

from html import escape
from typing import Any

_CELL = 'style="text-align:right;padding:2px 8px"'
_TEXT = 'style="text-align:left;padding:2px 8px"'


def table_of(notice: dict[str, Any]) -> str:
    """What the tuner's last word says of the run."""
    summary = notice.get("summary")
    error = notice.get("error", {}).get("message")
    failure = "" if error is None else f"<p><b>{escape(error)}</b></p>"
    if summary is None:
        return failure
    return "".join(
        [
            f"<p>run {escape(summary['run'])}: {escape(summary['end'])}</p>",
            failure,
            _stages(summary["stages"]),
            "<table>",
            *(
                f"<tr><th {_TEXT}>{escape(label)}</th><td {_TEXT}>{escape(text)}</td></tr>"
                for label, text in summary["details"]
            ),
            "</table>",
        ]
    )


def _stages(rows: list[list[str]]) -> str:
    if not rows:
        return ""
    header, *others = rows
    head = "".join(f"<th {_CELL}>{escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td {_CELL}>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in others
    )
    return f"<table><tr>{head}</tr>{body}</table>"
