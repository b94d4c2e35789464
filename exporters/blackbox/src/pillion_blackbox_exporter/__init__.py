"""The blackbox exporter: a target and a module in, metrics of one probe out."""
