"""The deployment's files, and the settings that they give."""

from __future__ import annotations

from pathlib import Path

from calls.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
PREFIX = "/opt/callwright"
SECRETS = {"CALLWRIGHT_AMI_SECRET": "0123456789abcdefghij", "CALLWRIGHT_AGI_TOKEN": "abcdefghij0123456789"}


def settings() -> Settings:
    """Those of the example."""
    return load(DOCKER / "callwright.toml", SECRETS)
