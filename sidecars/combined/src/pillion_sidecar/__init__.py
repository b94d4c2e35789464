"""One container for all roles: any of the four processes, in one process and one event loop."""
