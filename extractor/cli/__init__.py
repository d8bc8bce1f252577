"""The ``extractor`` command: thin commands over the library; heavy packages load only where they are needed."""

# Importing a module registers its commands, in the order in which the help shows them.
from extractor.cli import running, templates, working, exporting, reconciling, importing, accepting, reporting, measuring, training, serving_api  # noqa: F401, I001
from extractor.cli import prefilling  # noqa: F401
from extractor.cli.root import main

__all__ = ["main"]
