"""The demo: an application on this machine, and beside it the processes that measure it."""
