"""Reading: blocks of whole lines from each file, and the files in turn."""
