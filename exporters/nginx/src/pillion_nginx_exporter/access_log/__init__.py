"""nginx's access log as metrics: formats, counting, and the inputs at the edge."""
