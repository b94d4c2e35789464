"""The way of a record: batches from the inputs, through the filters, to every output it meets."""
