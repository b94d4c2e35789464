"""Adds Pillion's sidecars to the manifests of existing workloads, and removes them."""

__version__ = "0.1.0"
