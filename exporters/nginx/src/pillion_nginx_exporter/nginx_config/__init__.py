"""nginx' own configuration, read for the access logs that it names."""
