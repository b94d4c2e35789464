"""The output `cloudwatch_logs`: records as events of log streams, in Amazon CloudWatch Logs."""
