"""Template filters of the move."""
