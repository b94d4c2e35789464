"""The output `kafka`: records as messages of topics."""
