"""What the predictive policy has learnt of a campaign, and the tables that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np

from dialer.pacing.ages import Ages, Floats, Rows, lasted
from dialer.pacing.forecast import MOST_AT_ONCE, NewDials
from dialer.pacing.hazards import PRIOR_TALK_S, PRIOR_WRAP_S, TALK_EDGES, WRAP_EDGES, Freeing, Hazard
from dialer.pacing.kept import Kept, number, part
from dialer.pacing.model import LiveAnswer, MachineAnswer, NoAnswer, Snapshot, Stratum
from dialer.pacing.outage import FAR_END, Outage
from dialer.pacing.rate import AnswerRate
from dialer.pacing.ring import STEPS, RingTimes

REFRESH_S = 10.0
"""The tables of agents are worked out anew this often."""

RING_REFRESH_S = 2.0
"""So are those of dials: by a change they are late by a tenth of the time a number rings at most."""

OVERDUE_S = 60.0
"""After the ring time: a dial whose end was never told is not waited for."""

DETECTING_S = 3.0
"""Machine detection mostly takes no longer."""


CLASSES_AN_OCTAVE = 8
"""Strata whose weights differ by less than a twelfth are forecast alike."""

_ONE, _TWO = np.array(1.0), np.array(2.0)

MIXED = 1000
"""The class of dials whose stratum nobody knows: they are as those dialled lately."""


@dataclass(slots=True)
class Moments:
    """Mean, variance and third moment of the coins of a table's rows, beside each other."""

    table: Floats

    @staticmethod
    def of(chances: Floats) -> Moments:
        """Of coins that show 1 with these chances."""
        table = np.empty((len(chances), 3 * STEPS))
        mean, variance, third = (table[:, at : at + STEPS] for at in range(0, 3 * STEPS, STEPS))
        mean[:] = chances
        np.multiply(chances, np.subtract(_ONE, chances), variance)
        np.multiply(variance, np.subtract(_ONE, np.multiply(_TWO, chances)), third)
        return Moments(table)

    def sums(self, rows: Rows) -> Floats:
        """The sums over ``rows``."""
        return np.bincount(rows, minlength=len(self.table)) @ self.table


@dataclass(slots=True)
class _Dials:
    """Dials of strata of one class. ``unanswered[a, j]``: the chance that by step ``j`` no person has answered one
    that has rung ``a`` steps."""

    unanswered: Floats
    moments: Moments
    row: Floats
    """By each step: the chance that a person has answered one that is made now."""
    _new: NewDials | None = None

    @property
    def new(self) -> NewDials:
        """The most of them that may be made at once."""
        if self._new is None:
            self._new = NewDials.alike(self.row, MOST_AT_ONCE)
        return self._new


class Learnt:
    """Answer rate, ring times, talk and wrap-up."""

    def __init__(self, connect_within_s: float, no_answer_s: float) -> None:
        self.rate = AnswerRate()
        self.ring = RingTimes(no_answer_s)
        self.talk, self.wrap = Hazard(TALK_EDGES, PRIOR_TALK_S), Hazard(WRAP_EDGES, PRIOR_WRAP_S)
        self.outage = Outage()
        self._no_answer_s = no_answer_s
        self._heard_s = 0.0
        """When a far end gave the last sign of life. A large team has silences that chance makes, of a second or two:
        no phone has rung in vain all through them."""
        self._persons, self._machines = 5.0, 1.0
        self.horizons_s: Floats = (np.arange(STEPS, dtype=np.float64) + 0.5) * self.ring.step_s + connect_within_s
        self._freeing = Freeing(self.horizons_s)
        self._ages = Ages(
            (Freeing.TALK_STEP_S, Freeing.WRAP_STEP_S, self.ring.step_s),
            (len(Freeing.TALK_GRID) - 1, len(Freeing.WRAP_GRID) - 1, STEPS),
        )
        self._refreshed_s: float | None = None
        self._stale, self._ring_due_s = True, 0.0
        self._by_weight: dict[int, _Dials] = {}
        """What follows for dials of strata of each class of weights; worked out when one is needed."""
        self._classes: dict[Stratum, int] = {}
        self._new: NewDials | None = None
        """The most dials that may be made at once, of strata that nobody knows."""
        self._hour = ""
        self._talk_moments = self._wrap_moments = Moments(np.zeros((1, 3 * STEPS)))
        self.arrivals = self.ring.arrivals()
        self.handling_s = PRIOR_TALK_S + PRIOR_WRAP_S
        """Mean talk and wrap-up."""

    def dial_ended(self, seen: LiveAnswer | MachineAnswer | NoAnswer) -> None:
        """A dial came to its end."""
        failed, live = isinstance(seen, NoAnswer), isinstance(seen, LiveAnswer)
        was_down = seen.at_s - self._heard_s >= self._no_answer_s and self.down()
        if not failed:
            self.outage.reached()
            self._count(live)
        elif not self.outage.failed(seen.cause):
            return
        if was_down and not self.down():
            self.rate.forget_before(seen.dialled_at_s)
        if not failed or seen.cause in FAR_END:
            self._heard_s = seen.at_s
        if live:
            self.ring.live(seen.at_s - seen.dialled_at_s)
        else:
            self.ring.other(seen.at_s - seen.dialled_at_s)
        self.rate.ended(seen.dialled_at_s, live, seen.stratum or self._hour)
        self._stale = True

    def _count(self, live: bool) -> None:
        """Persons among the answers, of about the last hundred."""
        if self._persons + self._machines > 100:
            self._persons *= 0.99
            self._machines *= 0.99
        self._persons += live
        self._machines += not live

    @property
    def person_share(self) -> float:
        """Persons among the answers."""
        return self._persons / (self._persons + self._machines)

    def down(self) -> str:
        """Why the trunk is taken to be down; "" where it is not."""
        return self.outage.reason(self.rate.live / self.person_share) if self.outage.suspected else ""

    def look(self, seen: Snapshot) -> None:
        """Bring the tables up to date with what was learnt."""
        self._hour = "" if seen.local_hour is None else f"{seen.local_hour} h"
        longest_s = self._no_answer_s + OVERDUE_S
        settled = self.rate.settle(seen.ringing_since_s, longest_s, seen.at_s, learn=not self.down())
        self._stale = self._stale or settled
        if self._stale and seen.at_s >= self._ring_due_s:
            self._stale, self._ring_due_s = False, seen.at_s + RING_REFRESH_S
            self._by_weight.clear()
            self._classes.clear()
            self._new = None
            self.arrivals = self.ring.arrivals()
        if self._refreshed_s is None or seen.at_s - self._refreshed_s >= REFRESH_S:
            self._refreshed_s = seen.at_s
            talked, wrapped = (lasted(since, seen.at_s) for since in (seen.talking_since_s, seen.wrapping_since_s))
            self.handling_s = self.talk.mean_s(talked) + self.wrap.mean_s(wrapped)
            self._freeing.refresh(self.talk, self.wrap, talked, wrapped)
            self._talk_moments = Moments.of(self._freeing.talking)
            self._wrap_moments = Moments.of(self._freeing.wrapping)

    def coins(self, seen: Snapshot) -> Floats:
        """A row for each agent at work and each dial under way; see :func:`dialer.pacing.forecast.exact_chances`."""
        return np.concatenate((self.agents(seen), self.dials(seen)))

    def agents(self, seen: Snapshot) -> Floats:
        """A row for each agent who talks or wraps up: the chance to be free in time for each step."""
        talking, wrapping, _ = self._ages.rows(seen)
        return np.concatenate((self._freeing.talking[talking], self._freeing.wrapping[wrapping]))

    def dials(self, seen: Snapshot) -> Floats:
        """A row for each dial that rings or is in detection: the chance that no person came of it by each step."""
        _, _, rang = self._ages.rows(seen)
        tables, places = self._ringing(seen)
        if places is None:
            unanswered = tables[0].unanswered[rang]
        else:
            unanswered = np.empty((len(rang), STEPS))
            for place, dials in enumerate(tables):
                which = np.flatnonzero(places == place)
                unanswered[which] = dials.unanswered[rang[which]]
        if not seen.detecting_since_s:
            return unanswered
        return np.concatenate((unanswered, np.tile(self._detected(), (len(seen.detecting_since_s), 1))))

    def new_dials(self, seen: Snapshot, most: int) -> NewDials:
        """``most`` dials made now. Whose strata nobody knows are as those dialled lately."""
        if self._new is None:
            row = self.ring.answered_when_new(self.rate.live)
            self._new = NewDials.alike(row, MOST_AT_ONCE)
        if not seen.next_up:
            return self._new.first(most)
        known = self._classes
        classes = [known[each] if each in known else self._class(each) for _, each in seen.next_up[:most]]
        places = {each: place for place, each in enumerate(dict.fromkeys(classes))}
        if len(classes) == most and len(places) == 1:
            return self._dials(classes[0]).new.first(most)
        chances = self._new.chances[:most].copy()
        rows = np.array([self._dials(each).row for each in places])
        rows.take([places[each] for each in classes], axis=0, out=chances[: len(classes)])
        return NewDials.of(chances)

    def moments(self, seen: Snapshot) -> Floats:
        """Mean, variance and third moment of the sum of those coins at each step, one after the other."""
        talking, wrapping, rang = self._ages.rows(seen)
        sums = self._talk_moments.sums(talking)
        tables, places = self._ringing(seen)
        if places is None:
            sums += tables[0].moments.sums(rang)
        else:
            rows = np.bincount(places * (STEPS + 1) + rang, minlength=len(tables) * (STEPS + 1))
            for dials, count in zip(tables, rows.reshape(-1, STEPS + 1), strict=True):
                sums += count @ dials.moments.table
        if len(wrapping):
            sums += self._wrap_moments.sums(wrapping)
        if seen.detecting_since_s:
            sums += len(seen.detecting_since_s) * Moments.of(self._detected()[None, :]).table[0]
        return sums

    def _ringing(self, seen: Snapshot) -> tuple[list[_Dials], Rows | None]:
        """What follows for the dials that ring, by class, and of which of these each is; None: all of the first."""
        if len(seen.ringing) != len(seen.ringing_since_s):
            return [self._dials(MIXED)], None
        strata = [stratum for _, stratum in seen.ringing]
        classes = {stratum: self._class(stratum) for stratum in dict.fromkeys(strata)}
        places = {each: place for place, each in enumerate(dict.fromkeys(classes.values()))}
        found = [self._dials(each) for each in places]
        if len(found) == 1:
            return found, None
        of = {stratum: places[each] for stratum, each in classes.items()}
        return found, np.fromiter(map(of.__getitem__, strata), np.int64, len(strata))

    def _class(self, stratum: Stratum) -> int:
        found = self._classes.get(stratum)
        if found is None:
            weight = self.rate.strata.weight(stratum or self._hour)
            found = self._classes[stratum] = round(log2(weight) * CLASSES_AN_OCTAVE)
        return found

    def _dials(self, which: int) -> _Dials:
        found = self._by_weight.get(which)
        if found is None:
            live = self.rate.live if which == MIXED else self.rate.live_of(2 ** (which / CLASSES_AN_OCTAVE))
            unanswered = 1.0 - self.ring.answered(live)
            found = self._by_weight[which] = _Dials(unanswered, Moments.of(unanswered), 1.0 - unanswered[0])
        return found

    def _detected(self) -> Floats:
        """The coin of an answered call in detection: a machine, or a person within some seconds."""
        told: Floats = np.minimum((np.arange(STEPS) + 1) * self.ring.step_s / DETECTING_S, 1.0)
        return 1.0 - self.person_share * told

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values. The tables are then worked out anew here too, so that whoever saved and
        whoever restored decide alike from here on."""
        self._renew()
        return {
            "rate": self.rate.state(),
            "ring": self.ring.state(),
            "talk": self.talk.state(),
            "wrap": self.wrap.state(),
            "outage": self.outage.state(),
            "persons": self._persons,
            "machines": self._machines,
        }

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self.rate.restore(part(state, "rate"))
        self.ring.restore(part(state, "ring"))
        self.talk.restore(part(state, "talk"))
        self.wrap.restore(part(state, "wrap"))
        self.outage.restore(part(state, "outage"))
        self._persons, self._machines = number(state, "persons"), number(state, "machines")
        self._renew()

    def _renew(self) -> None:
        self._refreshed_s, self._stale, self._ring_due_s = None, True, 0.0
