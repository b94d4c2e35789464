"""Resolving, connecting and TLS for all probers, with the guard's judgement on the way."""

from pillion_blackbox_exporter.network.network import Network

__all__ = ["Network"]
