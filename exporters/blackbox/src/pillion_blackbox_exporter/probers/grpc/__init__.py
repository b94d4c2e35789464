"""gRPC: one call of the health service, over HTTP/2 with or without TLS."""
