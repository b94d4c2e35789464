"""The input `forward`: records that other agents and applications send."""
