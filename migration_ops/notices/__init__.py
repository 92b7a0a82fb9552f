"""People are told when a run ends, fails or stalls, when a gate is voided, when too much is set aside."""
