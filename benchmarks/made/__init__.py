"""Made-up rows whose true customers are known, for measuring the search for duplicates."""
