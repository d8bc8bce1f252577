"""Population profiles: how extracts of the population database are laid out."""
