"""Whether the settings have agents who can take a campaign's calls."""

from __future__ import annotations

from calls.settings import AgentSettings, Settings
from dialer.campaign import Campaign


def lacking(campaign: Campaign, settings: Settings) -> str:
    """Why no agent of the settings could ever take its calls, and what to do; "" where one could, or need not."""
    file = campaign.file
    if not file.pacing.for_agents:
        return ""
    members = [agent for agent in settings.agents if file.queue in agent.queues]
    if not members:
        return f"no agent of the settings serves queue {file.queue}: nothing is dialled until one does"
    needs = file.skills
    skilled = [agent for agent in members if all(agent.skills.get(each, 0) >= needs[each] for each in needs)]
    if not skilled:
        wanted = ", ".join(f"{skill} = {level}" for skill, level in file.skills.items())
        return f"no agent of queue {file.queue} has the skills {wanted}: nothing is dialled until one does"
    if not any(map(_in_time, skilled)):
        return (
            f"no agent of queue {file.queue} can meet a dialled person within two seconds: give them"
            ' mode = "nailed_up" or auto_answer = true, or dial with mode = "preview"'
        )
    return ""


def _in_time(agent: AgentSettings) -> bool:
    return agent.mode == "nailed_up" or agent.auto_answer
