"""The ``extractor`` command: thin commands over the library; heavy packages load only where they are needed."""

# Importing a module registers its commands, in the order in which the help shows them.
from extractor.cli import running, rereading  # noqa: F401, I001
from extractor.cli import templates, working, accounts, exporting, reconciling, prefilling, importing  # noqa: F401
from extractor.cli import accepting, reporting, measuring, training, learning, models, serving_api  # noqa: F401
from extractor.cli.root import main

__all__ = ["main"]
