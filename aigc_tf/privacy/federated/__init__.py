"""Learning together without handing out examples: clients train by themselves, a server adds up what they change."""
