"""What a campaign may do and its people should look at before they start it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from calls import toml_file
from calls.errors import CampaignError
from calls.settings import Settings
from calls.toml_file import Place
from console import building
from dialer import attestation, staffing
from dialer import campaign as campaigns
from dialer.campaign import Campaign
from ivr.check import load
from ivr.nodes.opt_out import OptOutNode
from prompts.library import PromptLibrary


def warnings(path: Path, campaign: Campaign, settings: Settings) -> tuple[str, ...]:
    """The warnings of the campaign in ``path``, each with file, line and key.

    Raises:
        FlowError: its flow has an error.
    """
    document = toml_file.read(path, CampaignError)
    found = (
        *campaigns.warnings(campaign),
        *_of_agents(campaign, settings),
        *_of_attestation(campaign, settings),
        *_of_flow(campaign, settings),
    )
    return tuple(f"{document.where(place)}: {words}" for place, words in found)


def _of_agents(campaign: Campaign, settings: Settings) -> Iterator[tuple[Place, str]]:
    if words := staffing.lacking(campaign, settings):
        yield ("queue",), words


def _of_attestation(campaign: Campaign, settings: Settings) -> Iterator[tuple[Place, str]]:
    least = campaign.preset.attestation
    if least is None or campaign.file.compliance.attestation is not None:
        return
    if found := list(attestation.lacking(campaign.file, settings.trunks, least)):
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield (
            ("preset",),
            f"preset {campaign.preset.name} wants calls to be attested {least}, or their numbers may be shown as"
            f" likely spam: {found[0]}{more}: expected [[trunks]] attestation, as the carrier says",
        )


def _of_flow(campaign: Campaign, settings: Settings) -> Iterator[tuple[Place, str]]:
    if campaign.file.flow is None:
        return
    names = building.known(settings, PromptLibrary(settings.prompts))
    flow = load(settings.flows / f"{campaign.file.flow}.yaml", names)
    nodes = (node for each in flow.with_subflows() for node in each.nodes.values())
    if campaign.preset.prerecorded_consent and not any(isinstance(node, OptOutNode) for node in nodes):
        yield (
            ("flow",),
            f"preset {campaign.preset.name} wants a way out of further calls in a recorded call: expected an opt_out"
            f" node in the flow {flow.id}",
        )
