"""The loopback switch: every call of the port with no PBX, for demonstrations, walks and tests.

Callers follow scripts (:mod:`.callers`), dialled people and transfer targets act by the last digit of their number
(:mod:`.callees`), agents' phones as they are told (:mod:`.phones`). There is no sound: a prompt takes as long as its
file would. All time is the running event loop's, so under a virtual clock hours take milliseconds.

What the far ends saw is kept in a diary (:mod:`.diary`), as SIPp keeps its log: a checker compares it with the
records without asking the product.
"""
