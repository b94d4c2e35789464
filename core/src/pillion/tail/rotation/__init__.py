"""What rotation has made of a path: the names it gives, what lies beside, and what is a copy."""
