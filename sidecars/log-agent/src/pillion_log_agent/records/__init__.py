"""What everything else stands on: batches of records, their times and origins, and receipts."""
