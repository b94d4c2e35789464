"""What `pillion-inject` ends with when it cannot do its work."""

from __future__ import annotations


class InjectError(Exception):
    """One sentence that says what is wrong, where, and what would be right."""


class NotApplicableError(InjectError):
    """A workload has not what was asked for; another one of the same input may have it."""
