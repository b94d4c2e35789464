"""A probe from its beginning to its result: one address, or each address of the target."""
