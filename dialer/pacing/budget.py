"""The budget of abandoned calls: how much risk the next dial may take.

``threshold`` is the risk up to which a dial is added. Each person who answered moves it: down where he found nobody,
up by a little where he found somebody, so that in the long run the share aimed at is abandoned, whatever the forecast
gets wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import exp, inf, log, sqrt

from dialer.pacing.kept import Kept, number, numbers, whole
from dialer.pacing.leftovers import Leftovers

MOST_AIM, LEAST_AIM = 0.985, 0.8
MARGIN, LESS, LEAST_MARGIN, MOST_MARGIN = 0.05, 1.0, 1.0, 4.5
"""It aims at so many abandoned calls fewer than the cap allows in the window: this share of them less ``LESS``,
within these bounds and those shares of the cap. Feedback holds the count to some two calls whatever the window's
size; a window of few calls leaves the rest to the guard, for there two calls are a good part of all."""

SPENT_OVER = 1 / 6
LEAST_ANSWERS, MOST_ANSWERS = 150.0, 1500.0
"""A surplus is spent over this share of the window's answers, within these bounds; sooner makes the threshold
swing."""
HASTE = 2.0
"""A debt is paid so many times sooner: the cap stands on that side."""

SPREAD = 1.5
"""What is under way may bring so many standard deviations (of a Poisson count) more than is expected of it."""

STRETCH_S, QUIET_S = 24 * 3600.0, 3600.0
"""A stretch of work ends after so long, or once nobody has answered for so long. What was not spent in it is not
spent later: a legal window that slides would lose the calm days before it loses what they paid for. What was spent
too much is paid for in the next."""

STRETCHES, MATURE, EARLY = 5, 2.5, 0.25
"""Where the window holds no more than so many of the longest of the last stretches, a day is what the law counts."""
LAST_ROOM = 1.0
"""Abandoned calls that are left free where the next answer may be the window's last: agents who go home leave phones
that ring."""

DAY_AIM = 0.7
"""Where the law counts a day, it aims at this share of what it would else, and spends no surplus: the guard, which
holds the last answers to the cap by themselves, stops it so much less often that agents work more."""

DAY_WINDOW_S = 36 * 3600.0
"""A law whose window is no longer counts a day, and every moment may be the last of its answers."""
ROOM_SPREAD, ROOM_SHARE = 3.0, 1 / 8
"""There so many calls are left free as may answer what rings, should all go home now: those expected and so many
standard deviations more, but no more than this share of the abandoned calls that a whole day allows."""

CREDIT, CREDIT_S = 300.0, 600.0
"""The guard counts so many answers in advance, or those of so long a time where a large team has more, as far as they
are expected before the window's end. With less the guard stops a large team every few minutes: what is abandoned goes
up and down by some calls in a hundred answers however well it is steered."""
CREDIT_CAP, MOST_CREDIT = 0.03, 3.0
"""With a lower cap than this it is as many abandoned calls that are counted in advance, of up to so many times the
answers: what is abandoned goes up and down as much."""

HIGHEST, LOWEST = 0.6, 0.003
GUARDED = 0.0002
"""While one more abandoned call would break the cap."""

FEW = 3.0
"""A cap that allows fewer abandoned calls than this in its window cannot be steered to: none is risked."""
NONE_RISKED = 0.02
"""Abandoned calls expected in a window that is run without risk."""


class Mode(Enum):
    """How the threshold came about."""

    STEERED = "steered"
    GUARDED = "guarded"
    NONE_RISKED = "zero-abandon"


@dataclass(slots=True)
class Account:
    """Persons who answered, and those of them who found nobody."""

    answers: int = 0
    abandons: int = 0

    def aim(self, target: float, over: float, owed: float = 0.0) -> float:
        """The share to abandon from now on, so that it is ``target`` in the end; a surplus is spent ``over`` so many
        answers. ``owed``: abandoned calls to be made up for."""
        surplus = target * self.answers - self.abandons - owed
        share = target + surplus / (over if surplus > 0 else over / HASTE)
        return min(max(share, 0.0), 2 * target)

    def breaks(self, cap: float, expected: float, at_stake: float, credit: float = CREDIT) -> bool:
        """True where one more abandoned call would break the cap. ``expected``: answers at the window's end;
        ``at_stake``: abandoned calls that what is under way may still bring; ``credit``: answers that are counted in
        advance, as far as they are expected."""
        credit = min(credit, max(0.0, expected - self.answers))
        return self.abandons + 1 + at_stake > cap * (self.answers + credit)


class Budget:
    """Steers by feedback; see the module."""

    def __init__(self, cap: float, most_aim: float = MOST_AIM, window_s: float | None = None) -> None:
        """``window_s``: how long the law's window is; None: nobody has said."""
        self._cap = cap
        by_day = window_s is not None and window_s <= DAY_WINDOW_S
        self._left = Leftovers(cap, window_s) if window_s is not None and by_day else None
        """What a window of a day still holds of the stretches before; None: the law counts no days."""
        self._room = 0.0
        """Abandoned calls that are left free of a window of a day."""
        self._most_aim = most_aim
        self._log = log(min(max(cap, LOWEST), HIGHEST))
        self._target, self._over = LEAST_AIM * cap, LEAST_ANSWERS
        self._credit = CREDIT * min(MOST_CREDIT, max(1.0, CREDIT_CAP / max(cap, LOWEST)))
        self.run = Account()
        """The stretch of work that goes on."""
        self._owed = 0.0
        """Abandoned calls over the cap from the stretches before."""
        self._stretches: list[int] = []
        """Answers of each of the last ones."""
        self._looked_s: float | None = None
        self._lasted_s = self._quiet_s = self._clock_s = 0.0

    def look(self, at_s: float) -> None:
        """Time has passed. What passes between two runs of the dialer is not counted."""
        passed_s = 0.0 if self._looked_s is None else max(0.0, at_s - self._looked_s)
        self._looked_s = at_s
        self._lasted_s += passed_s
        self._quiet_s += passed_s
        self._clock_s += passed_s
        if self.run.answers and (self._lasted_s >= STRETCH_S or self._quiet_s >= QUIET_S):
            self._owed = max(0.0, self._owed + self.run.abandons - self._cap * self.run.answers)
            self._stretches = [*self._stretches[1 - STRETCHES :], self.run.answers]
            self.run = Account()
            self._lasted_s = 0.0
            if self._left:
                self._left.stretch_ended()
        if self._left:
            self._left.look(self._clock_s)

    def outcome(self, abandoned: bool, agents: int) -> None:
        """A person met an agent in time, or nobody."""
        self._quiet_s = 0.0
        self.run.answers += 1
        self.run.abandons += abandoned
        if self._cap <= 0:
            return
        if self._left:
            self._left.answered(self._clock_s, abandoned)
        aim = self.run.aim(self._target, self._over, self._to_make_up() + self._room)
        if self._left:
            aim = min(aim, self._target)
        self._log += _step(agents, self._cap) * (aim - abandoned)
        self._log = min(max(self._log, log(min(LOWEST, self._cap))), log(HIGHEST))

    def threshold(
        self, window: Account, expected: float, coming: float = 0.0, soon: float = 0.0
    ) -> tuple[Mode, float]:
        """The risk that the next dial may take, and why.

        ``window``: the legal window as far as it is known; ``expected``: persons who will answer in the whole of it;
        ``coming``: those who will answer what is under way; ``soon``: those who will answer in :data:`CREDIT_S`.
        """
        allowed, at_stake = self._cap * expected, self._cap * coming
        at_stake += SPREAD * sqrt(at_stake)
        late = self._left is not None and self._left.late + 1 + at_stake > 0
        margin = min(MOST_MARGIN, max(LEAST_MARGIN, MARGIN * allowed - LESS))
        self._target = self._cap * min(self._most_aim, max(LEAST_AIM, 1 - margin / max(allowed, 1.0)))
        if self._left:
            self._target *= DAY_AIM
        self._over = min(MOST_ANSWERS, max(LEAST_ANSWERS, expected * SPENT_OVER))
        if allowed < FEW:
            return Mode.NONE_RISKED, NONE_RISKED / max(expected, 1.0)
        to_come, credit = self._to_come(window), max(self._credit, soon)
        if self._left:
            room = coming + ROOM_SPREAD * sqrt(coming)
            self._room = at_stake = max(LAST_ROOM, min(room, ROOM_SHARE * allowed))
        elif to_come == 0.0:
            at_stake += LAST_ROOM
        owed = at_stake + self._to_make_up()
        own = self.run.breaks(self._cap, min(expected, self.run.answers + to_come), owed, credit)
        if own or late or window.breaks(self._cap, min(expected, window.answers + to_come), at_stake, credit):
            return Mode.GUARDED, min(GUARDED, self._cap)
        return Mode.STEERED, exp(self._log)

    def _to_make_up(self) -> float:
        """Abandoned calls that the stretch that goes on owes to those before."""
        return max(self._owed, self._left.owed) if self._left else self._owed

    def _to_come(self, window: Account) -> float:
        """Answers that may be counted in advance. Where the law's window is a day the next one may be its last: none.
        Where nobody has said so and it looks as if it were, none after an early part of the shortest of the last
        stretches. inf: any; of a first day nobody knows, nor of a window that is not told."""
        if self._left:
            return 0.0
        known = bool(self._stretches) and window.answers > 0 and window.answers >= self.run.answers / 2
        if not known or window.answers > MATURE * max(self._stretches):
            return inf
        return max(0.0, EARLY * min(self._stretches) - self.run.answers)

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {
            "log": self._log,
            "target": self._target,
            "over": self._over,
            "answers": self.run.answers,
            "abandons": self.run.abandons,
            "owed": self._owed,
            "stretches": list(self._stretches),
            "lasted_s": self._lasted_s,
            "quiet_s": self._quiet_s,
            "left": self._left.state(self._clock_s) if self._left else [],
        }

    def restore(self, state: Kept, parts: int = 1) -> None:
        """Take over what :meth:`state` gave, or, of its account, one of so many equal ``parts``, the abandoned
        rounded up.

        Raises:
            ValueError: it is no such state.
        """
        self._log = number(state, "log")
        self._target, self._over = number(state, "target"), number(state, "over")
        self.run = Account(whole(state, "answers") // parts, -(-whole(state, "abandons") // parts))
        self._owed = number(state, "owed") / parts
        self._stretches = [int(each) // parts for each in numbers(state, "stretches")]
        self._lasted_s, self._quiet_s = number(state, "lasted_s"), number(state, "quiet_s")
        self._looked_s = None
        if self._left and "left" in state:
            self._left.restore(state, "left", self._clock_s, parts)


def _step(agents: int, cap: float) -> float:
    """How far one outcome moves the threshold: small teams see few, and a low cap fewer still."""
    size = min(0.2, max(0.05, 0.15 * sqrt(20 / max(agents, 1))))
    return size * min(4.0, sqrt(0.03 / cap))
