"""What every client of HTTP in the agent shares: whom to ask, TLS, what a failure means."""
