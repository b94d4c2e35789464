"""Pillion: the core that its exporters and sidecars share, for building your own.

Nothing is imported here, so that a process pays for what it uses alone. Start at
`pillion.process` (an exporter in fifteen lines), `pillion.settings`, `pillion.metrics`,
`pillion.web` or `pillion.testing`.
"""

__version__ = "0.1.0"
