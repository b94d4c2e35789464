"""The output `forward`: records to other agents by the forward protocol."""
