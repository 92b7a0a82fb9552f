"""API v1, kept alive while clients change over; goes away with the move."""
