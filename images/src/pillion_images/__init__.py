"""Builds, verifies and pushes the container images of Pillion."""

__version__ = "0.1.0"
