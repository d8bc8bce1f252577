"""Records held against an extract of the population database: same person, other values, or not there."""
