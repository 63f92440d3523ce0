"""Values that every test of the rendering starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialplans.values import Includes


@pytest.fixture
def includes() -> Includes:
    """Include files of an install, with everything that is optional left out."""
    return Includes(
        agi_token="a-token-of-the-install", ami_secret="a-secret-of-the-account", sorry=Path("/srv/sorry")
    )
