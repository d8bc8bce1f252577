"""The web application in which people verify what the machine was not sure of."""

from extractor.review.serving import serve

__all__ = ["serve"]
