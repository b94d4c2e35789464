"""The forward protocol of fluentd, version 1: framing, messages, events and the handshake. Pure."""
