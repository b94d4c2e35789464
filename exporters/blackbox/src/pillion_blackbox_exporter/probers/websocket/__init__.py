"""WebSocket: the upgrade of a connection, and a conversation over it."""
