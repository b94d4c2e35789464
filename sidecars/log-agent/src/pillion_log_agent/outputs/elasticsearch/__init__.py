"""The outputs `es` and `opensearch`: the bulk API, with the result of each record."""
