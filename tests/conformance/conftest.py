"""The real Asterisk and SIPp of tests/integration, for the scripts that are played on them."""

from __future__ import annotations

from tests.integration.conftest import callees, trees

__all__ = ["callees", "trees"]
