"""The template designer: forms drawn on scans, tried on other pages, and put into use as new versions."""
