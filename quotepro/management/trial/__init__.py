"""What smoke_test and load_test share: a server of their own, callers, and cleaning up."""
