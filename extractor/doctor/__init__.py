"""What an installation lacks: programs, packages, models, templates, room on the disk, a database, the right time."""

from extractor.doctor.examine import examine
from extractor.doctor.findings import Finding, Grade

__all__ = ["Finding", "Grade", "examine"]
