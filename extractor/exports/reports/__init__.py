"""Reports that plans ask for: inventory, progress, illegible and missing, differences between the readings."""
