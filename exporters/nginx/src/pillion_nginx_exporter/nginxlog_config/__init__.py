"""The configuration of prometheus-nginxlog-exporter, in YAML and HCL."""
