"""Forms as the designer draws them: to and from the files of a form, over pages, and with their faults."""

from extractor.templates.designing.converting import FormFiles, OddDesignError, to_design, to_files, to_form
from extractor.templates.designing.faults import Fault, find_faults
from extractor.templates.designing.model import Design

__all__ = ["Design", "Fault", "FormFiles", "OddDesignError", "find_faults", "to_design", "to_files", "to_form"]
