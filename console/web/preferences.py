"""How somebody likes the pages: light or dark, and in which language. Kept in cookies of that browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from console.web.guard import posted
from console.web.words import LANGUAGES, chosen

THEME: Final = "callwright_theme"
LANGUAGE: Final = "callwright_language"
THEMES = ("auto", "light", "dark")
YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Liked:
    """``theme``: "auto" is as the device has it. ``language``: a code of :data:`console.web.words.LANGUAGES`."""

    theme: str
    language: str


def liked(request: Request) -> Liked:
    """By the cookies, and by what the browser says of its languages."""
    theme = request.cookies.get(THEME, "auto")
    language = chosen(request.cookies.get(LANGUAGE), request.headers.get("accept-language", ""))
    return Liked(theme if theme in THEMES else "auto", language)


def add(app: FastAPI) -> None:
    """Add the route, which everybody may use: it changes nothing but this browser's cookies."""

    @app.post("/preferences")
    async def prefer(request: Request, form: Annotated[FormData, Depends(posted)]) -> Response:
        response = RedirectResponse(_local(str(form.get("back", "/"))), 303)
        for cookie, field, known in ((THEME, "theme", THEMES), (LANGUAGE, "language", tuple(LANGUAGES))):
            value = str(form.get(field, ""))
            if value in known:
                response.set_cookie(cookie, value, max_age=YEAR_S, path="/", samesite="strict")
        return response


def _local(path: str) -> str:
    """``path`` where it is one of ours, and not another site's address."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if is_ours else "/"
