"""The ``extractor`` command: thin commands over the library; heavy packages load only where they are needed."""

# Importing a module registers its commands, in the order in which the help shows them.
from extractor.cli import running, rereading, templates, working, accounts, exporting, reconciling  # noqa: F401, I001
from extractor.cli import prefilling, importing, accepting, reporting, measuring, training  # noqa: F401
from extractor.cli import learning, models, adapting, erasing, doctoring, backing_up, publishing, serving_api  # noqa: F401
from extractor.cli.root import main

__all__ = ["main"]
