"""Pages: templates with who looks at them, and the links that this account has."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from console.accounts.roles import Right
from console.accounts.store import Known
from console.web.guard import csrf_of


@dataclass(frozen=True, slots=True)
class Link:
    """One page in the head of all pages. ``right``: who sees it."""

    path: str
    title: str
    right: Right


LINKS = (Link("/wall", "Wallboard", Right.VIEW),)


class Pages:
    """Renders the templates."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("console.web"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["figure"] = shown

    @staticmethod
    def quoted(text: str) -> str:
        """``text`` as one part of a path."""
        return quote(text, safe="")

    def show(self, request: Request, template: str, code: int = 200, **values: object) -> Response:
        """One page, answered with ``code``. Besides ``values`` a template knows ``known`` (who looks, or None),
        ``links`` and ``csrf``."""
        known: Known | None = getattr(request.state, "known", None)
        may = frozenset() if known is None or known.account.must_change else known.rights
        text = self._templates.get_template(template).render(
            known=known,
            links=[each for each in LINKS if each.right in may],
            path=request.url.path,
            csrf=csrf_of(request),
            **values,
        )
        return HTMLResponse(text, code)


def shown(value: float | None, unit: str) -> str:
    """A figure for people: counts whole, seconds to the tenth, ratios to the thousandth."""
    match value, unit:
        case None, _:
            return "\N{EN DASH}"
        case number, "ratio":
            return f"{number:.3f}"
        case number, "s":
            return f"{number:.1f} s"
        case number, _:
            return f"{number:.0f}"
