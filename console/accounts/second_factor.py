"""Codes of an authenticator app as the second factor (RFC 6238, by pyotp)."""

from __future__ import annotations

import re
from datetime import datetime

import pyotp

SECRET = re.compile(r"[A-Z2-7]{32}")
"""As :func:`new_secret` makes it: 160 bits, base32."""

STEP_S = 30
AROUND = 1
"""How many steps a phone's clock may be off, either way."""


def new_secret() -> str:
    """A secret for an app, base32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What an app is shown, as ``otpauth://``."""
    return pyotp.TOTP(secret, name=name, issuer="Callwright").provisioning_uri()


def step_of(secret: str, code: str, used: int, now: datetime) -> int | None:
    """The step of which ``code`` is; None: it is wrong, or of a step up to ``used``, which counted before."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_S
    near = range(current - AROUND, current + AROUND + 1)
    right = [step for step in near if pyotp.utils.strings_equal(totp.generate_otp(step), code)]
    return next((step for step in right if step > used), None)
