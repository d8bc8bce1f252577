"""Labels, codes and words of entry forms, as data."""
