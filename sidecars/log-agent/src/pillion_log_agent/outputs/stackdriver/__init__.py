"""The output `stackdriver`: records as entries of Google Cloud Logging."""
