"""The filter `redact`: personal data and secrets leave no pod."""
