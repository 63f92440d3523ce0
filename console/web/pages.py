"""Pages: templates with who looks at them, in that person's language and colours."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from calls.records.times import as_time
from console.accounts.store import Known
from console.web import flashes, words
from console.web.assets import Assets
from console.web.guard import csrf_of
from console.web.house_time import HouseTime
from console.web.navigation import Entry, sections
from console.web.preferences import liked
from console.web.words import Words


class Pages:
    """Renders the templates."""

    def __init__(self, assets: Assets, entries: Sequence[Entry], local: HouseTime) -> None:
        """``entries``: of the navigation; ``local``: how times are shown."""
        self.assets = assets
        self._entries = entries
        self._words = words.read()
        self._templates = Environment(
            loader=PackageLoader("console.web"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["as_time"] = as_time
        self._templates.globals["static"] = assets.url
        self._local = {language: local.of(language) for language in words.LANGUAGES}
        self._templates.globals["languages"] = words.LANGUAGES

    @staticmethod
    def quoted(text: str) -> str:
        """``text`` as one part of a path."""
        return quote(text, safe="")

    def words_of(self, request: Request) -> Words:
        """The language of who asks."""
        return self._words[liked(request).language]

    def local_of(self, request: Request) -> HouseTime:
        """Times as who asks reads them."""
        return self._local[liked(request).language]

    def show(self, request: Request, template: str, code: int = 200, **values: object) -> Response:
        """One page, answered with ``code``. Besides ``values`` a template knows ``known`` (who looks, or None),
        ``csrf``, ``path``, ``sections`` (the navigation), ``t`` (the words, by key), ``liked`` (theme and language),
        ``said`` (what was just done), ``local(time)``, as the house shows it, and ``static(name)``, the address of a
        script or a style; and of that language ``n(number, digits)``, ``pct(share, digits)``, ``sec(seconds)``,
        ``plain(number)``, ``fig(value, unit, denominator)`` and ``told(text)``, what the engine said."""
        known: Known | None = getattr(request.state, "known", None)
        said = flashes.take(request)
        likes = liked(request)
        t = self._words[likes.language]
        text = self._templates.get_template(template).render(
            known=known,
            sections=sections(self._entries, known),
            path=request.url.path,
            csrf=csrf_of(request),
            liked=likes,
            t=t,
            n=t.formats.number,
            pct=t.formats.share,
            sec=t.formats.seconds,
            plain=t.formats.plain,
            fig=t.formats.figure,
            told=t.told,
            local=self._local[likes.language],
            said=said,
            **values,
        )
        response = HTMLResponse(text, code)
        if said is not None:
            flashes.forget(response)
        return response

    @staticmethod
    def go(path: str, said: str = "", kind: flashes.Kind = "good") -> Response:
        """To another page after a form was sent, which says what was done."""
        response = Response(status_code=303, headers={"Location": path})
        if said:
            flashes.say(response, said, kind)
        return response
