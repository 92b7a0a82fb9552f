"""Rows that wait for a person: looked at, corrected, tried again, waived."""
