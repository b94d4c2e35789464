"""One probe from its beginning to what is said of it: phases, failure, metrics, log lines."""
