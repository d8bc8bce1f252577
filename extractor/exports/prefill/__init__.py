"""Entry forms with the values in place, the same as JSON, and a filler for pages of web systems."""
