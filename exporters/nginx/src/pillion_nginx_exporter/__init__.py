"""The nginx exporter: `stub_status` in, Prometheus metrics out."""
