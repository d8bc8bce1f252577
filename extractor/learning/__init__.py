"""Learning from what people decided: sets of lines, candidates for a better reader, their comparison, adaptation."""
