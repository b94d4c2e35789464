"""What is configured for each role, from the command line, the file and the environment."""
