"""Whether a run broke a rule, from the records alone.

Nothing here is shared with what decides and writes: the SQL, the arithmetic of zones and windows, and the reading of
the rules are said once more, as a stranger would who has only the database and the law of each version. What the
records cannot show is said, too::

    evidence    what the database keeps of a campaign's attempts
    law         the rules of a version, from its JSON
    people      how often and how soon a person was called again
    permission  do-not-call entries and lists, consents, by the order of the commits
    clocks      the hours where the person may be
    calls       records, rings, the two seconds, the number shown
    abandoned   the share of abandoned calls in every window
    lines       how many calls each trunk had, at once and in a second
    agents      one customer at a time
    orders      pause, stop and do-not-call, within a second
    judge       all of it
"""
