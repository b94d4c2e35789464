"""Positions of the program that ran here before: fluentd's `pos_file`, fluent-bit's `db`."""
