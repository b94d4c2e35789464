"""The lives of the roles: each is started, watched, and started again, and is no other's matter."""
