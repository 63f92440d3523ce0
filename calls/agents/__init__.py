"""Who answers: agents, queues and the assignment of calls to agents. Pure: time and events in, actions out."""
