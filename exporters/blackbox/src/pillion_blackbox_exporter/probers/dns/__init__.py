"""DNS: one question, over UDP, TCP or TLS, and what the answer must be."""
