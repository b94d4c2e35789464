"""Patterns: Ruby's regular expressions, time formats, tags with wildcards. Pure."""
