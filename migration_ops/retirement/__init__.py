"""The end of a company's move: its certificate, the archive of its legacy rows, and their removal."""
