"""The input `systemd`: the journal of a node."""
