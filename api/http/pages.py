"""The few pages for people: no script, nothing from elsewhere, and headers by which a browser holds them to that."""

from __future__ import annotations

import base64
import hashlib
import html

from starlette.responses import HTMLResponse

_STYLE = """\
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1,h2,h3{line-height:1.25}h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}
code{font:.9em ui-monospace,monospace}a{color:#0a4a8a}pre{overflow-x:auto;background:#f5f6f8;padding:.6rem}
summary{cursor:pointer;font-weight:600}
table{border-collapse:collapse;width:100%;margin:.75rem 0}caption{text-align:left;font-weight:600}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}td{overflow-wrap:anywhere}
td:nth-child(-n+2){overflow-wrap:normal}
@media(max-width:45rem){th{display:none}tr,td{display:block;border:0;padding:.1rem 0}
tr{border-bottom:1px solid #ddd;padding:.4rem 0}td:empty{display:none}}
.wide{overflow-x:auto}.quiet{color:#595959}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""Of the one style sheet, as the header below allows it: base64 of its SHA-256."""
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def page(title: str, body: str) -> HTMLResponse:
    """A whole page. `title` is text and is escaped here; `body` is HTML, so whoever makes it escapes what others wrote.

    The policy in the headers allows the one style sheet by its hash and nothing else: were a text ever let through
    unescaped, a browser would run no script of it, load nothing, and send no form.
    """
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    title = html.escape(title)
    return HTMLResponse(
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{title}</title><style>{_STYLE}</style></head>\n'
        f"<body>\n{body}</body></html>\n",
        headers=HEADERS,
    )
