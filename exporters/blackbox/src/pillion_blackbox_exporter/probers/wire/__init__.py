"""What the probers' protocols look like on the wire: bytes in, values out, no I/O."""
