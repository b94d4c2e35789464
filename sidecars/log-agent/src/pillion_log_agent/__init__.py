"""The log agent: reads logs, parses, filters and routes them, and ships them with nothing lost."""
