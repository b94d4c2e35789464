"""Strict YAML: a file becomes typed values, or an error that names file, line and key.

document = Document.read("blackbox.yml")
configuration = convert(document, Configuration)    # a msgspec.Struct
"""

from pillion.configuration.convert import WrongKeyError, convert, convert_mapping
from pillion.configuration.document import Document, KeyPath, show_path

__all__ = ["Document", "KeyPath", "WrongKeyError", "convert", "convert_mapping", "show_path"]
