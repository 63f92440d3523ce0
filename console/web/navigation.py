"""What stands in the navigation of every page. Each page's module has its own entries; ``parts.py`` gathers them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from console.accounts.roles import Right
from console.accounts.store import Known


class Group(Enum):
    """A part of the navigation, in the order in which they stand. The value is the key of its words."""

    NOW = "base.group_now"
    WORK = "base.group_work"
    PEOPLE = "base.group_people"
    LOOK = "base.group_look"
    SYSTEM = "base.group_system"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page. ``words``: the key of its name; ``right``: who sees it; ``icon``: of ``templates/icons.html``.
    ``own_desk``: only for accounts that are somebody's desk."""

    path: str
    words: str
    right: Right
    group: Group
    icon: str = "dot"
    own_desk: bool = False

    def is_for(self, known: Known) -> bool:
        """Whether this account sees it."""
        return self.right in known.rights and not (self.own_desk and known.account.agent_id is None)

    def holds(self, path: str) -> bool:
        """Whether ``path`` is this page, or one below it."""
        return path == self.path or path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class Section:
    """A group with the entries that somebody sees."""

    words: str
    entries: tuple[Entry, ...]


def sections(entries: Iterable[Entry], known: Known | None) -> tuple[Section, ...]:
    """What ``known`` sees; nothing, where nobody is known or a password is to be chosen first."""
    if known is None or known.account.must_change:
        return ()
    mine = [entry for entry in entries if entry.is_for(known)]
    found = (Section(group.value, tuple(entry for entry in mine if entry.group is group)) for group in Group)
    return tuple(section for section in found if section.entries)


def first_for(entries: Iterable[Entry], known: Known) -> str:
    """Where somebody begins: an agent at the desk, others at their first page, and who sees none at the account."""
    mine = [entry for entry in entries if entry.is_for(known)]
    desk = next((entry.path for entry in mine if entry.own_desk), None)
    if desk is not None and Right.VIEW not in known.rights:
        return desk
    return mine[0].path if mine else "/account"
