"""What all pages share: the navigation by right, the words in four languages, themes, and what the next page says."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from fastapi import Request, Response

from calls.settings import load
from console.accounts.roles import RIGHTS, Right, Role
from console.accounts.store import Account, Known
from console.web import flashes, words
from console.web.navigation import Entry, Group, first_for, sections
from console.web.words import FOLDER, LANGUAGES, SOURCE
from tests.console.browser import Browser
from tests.console.served import install

ENTRIES = (
    Entry("/wall", "nav.wall", Right.VIEW, Group.NOW),
    Entry("/desk", "nav.desk", Right.DESK, Group.NOW, own_desk=True),
    Entry("/accounts", "nav.accounts", Right.SYSTEM, Group.SYSTEM),
)


def known(role: Role, agent: str | None = None, *, must_change: bool = False) -> Known:
    return Known(Account("1", "x", role, agent, must_change, False, False), RIGHTS[role], "t")


@pytest.mark.parametrize(
    ("who", "paths", "first"),
    [
        (known(Role.AGENT, "anna"), [["/desk"]], "/desk"),
        (known(Role.AGENT), [], "/account"),
        (known(Role.SUPERVISOR), [["/wall"]], "/wall"),
        (known(Role.SUPERVISOR, "eve"), [["/wall", "/desk"]], "/wall"),
        (known(Role.ADMINISTRATOR), [["/wall"], ["/accounts"]], "/wall"),
    ],
)
def test_everybody_sees_the_pages_of_their_rights(who: Known, paths: list[list[str]], first: str) -> None:
    found = [[entry.path for entry in section.entries] for section in sections(ENTRIES, who)]
    assert (found, first_for(ENTRIES, who)) == (paths, first)


def test_nobody_and_who_must_choose_a_password_see_none() -> None:
    assert sections(ENTRIES, None) == sections(ENTRIES, known(Role.ADMINISTRATOR, must_change=True)) == ()


def test_a_page_below_another_is_of_its_entry() -> None:
    assert ENTRIES[0].holds("/wall/x") and not ENTRIES[0].holds("/wallpaper")


def test_every_language_has_the_same_places_and_no_key_of_its_own() -> None:
    def places(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)

    read = words.read()
    assert set(read) == set(LANGUAGES) == {path.name for path in FOLDER.iterdir() if (path / "base.toml").exists()}
    for code in LANGUAGES:
        assert read[code].texts.keys() == read[SOURCE].texts.keys()
        for key, text in read[code].texts.items():
            assert text.strip() and places(text) == places(read[SOURCE].texts[key]), (code, key)


def test_no_key_lacks_a_language() -> None:
    keys = {code: set(words._texts(FOLDER / code)) for code in LANGUAGES}
    figures = set(words._figures())  # in English they stand with the figures
    for code in LANGUAGES:
        assert keys[code] == (keys[SOURCE] if code == SOURCE else keys[SOURCE] | figures), code


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        (None, "", "en"),
        ("de", "fr", "de"),
        ("xx", "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        (None, "nl, es;q=0.4, de;q=0.7", "de"),
        (None, "de;q=0, es;q=no, pt", "en"),
        (None, "*", "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(wanted: str | None, accepted: str, language: str) -> None:
    assert words.chosen(wanted, accepted) == language


def test_pages_are_in_the_persons_language_and_colours(tmp_path: Path) -> None:
    with Browser(load(install(tmp_path, render=False), {})) as browser:
        page = browser.ask("GET", "/setup", {"Accept-Language": "de-AT"}).text
        assert '<html lang="de" data-theme="auto"' in page and "Zum Inhalt" in page
        headers = {"Sec-Fetch-Site": "same-origin"}
        # The word against forgery of a browser that has no session yet.
        csrf = page.split('name="csrf" content="')[1].split('"')[0]
        given = {"csrf": csrf, "theme": "dark", "language": "fr", "back": "//elsewhere.example/"}
        answer = browser.ask("POST", "/preferences", headers, data=given)
        assert answer.history[0].headers["location"] == "/"
        assert '<html lang="fr" data-theme="dark"' in answer.text
        given |= {"theme": "none", "language": "../en", "back": "/setup"}
        assert '<html lang="fr" data-theme="dark"' in browser.ask("POST", "/preferences", headers, data=given).text
        assert browser.ask("POST", "/preferences", headers, data=given | {"csrf": "x"}).status_code == 403


def request(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"{flashes.COOKIE}={cookie}".encode())]})


def test_what_the_next_page_says_comes_back_once_and_nothing_else_does() -> None:
    response = Response()
    flashes.say(response, "Saved: <b>", "note")
    cookie = response.headers["set-cookie"].partition("=")[2].partition(";")[0].strip('"')
    assert flashes.take(request(cookie)) == flashes.Flash("note", "Saved: <b>")
    for other in ("", "x", cookie[:-3], "W10=", "eyJhIjoxfQ==", "WyJldmlsIiwieCJd"):
        assert flashes.take(request(other)) is None
