"""What the console shows: frozen objects, each built in a fixed number of statements from what services know."""
