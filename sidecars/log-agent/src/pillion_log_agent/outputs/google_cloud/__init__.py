"""The output `google_cloud`: records as Google Cloud Logging takes them."""
