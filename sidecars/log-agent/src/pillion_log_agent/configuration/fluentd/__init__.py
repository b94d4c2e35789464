"""fluentd's configuration: text to elements (`parse`), elements to sections (`convert`)."""
