"""The output `s3`: records as objects of lines, in a bucket."""
