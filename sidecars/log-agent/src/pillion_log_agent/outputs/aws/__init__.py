"""What the outputs to AWS share: credentials, signatures, requests, batching by limits."""
