"""The outputs to Amazon Kinesis: data streams, and Firehose."""
