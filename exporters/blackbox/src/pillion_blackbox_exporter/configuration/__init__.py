"""blackbox.yml: its shape, how it is read, and how it is shown without its secrets."""

from pillion_blackbox_exporter.configuration.module import Module
from pillion_blackbox_exporter.configuration.reading import Configuration, parse, read

__all__ = ["Configuration", "Module", "parse", "read"]
