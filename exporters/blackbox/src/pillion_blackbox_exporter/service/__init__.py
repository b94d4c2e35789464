"""The service around the probers: /probe and its queue, history, pages, reload, settings."""
