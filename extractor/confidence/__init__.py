"""Evidence about a field -> calibrated probability that its value is right -> accept or ask a person."""

from extractor.confidence.certificate import (
    Certificate,
    GroupCertificate,
    load_certificate,
    save_certificate,
    shipped_certificate,
)
from extractor.confidence.certify import certify_threshold, upper_bound
from extractor.confidence.evidence import FEATURES, FieldEvidence, group_of
from extractor.confidence.fit import LabelledField, fit_certificate
from extractor.confidence.watch import Cause, Suspension, drifted, refuted

__all__ = [
    "FEATURES",
    "Cause",
    "Certificate",
    "FieldEvidence",
    "GroupCertificate",
    "LabelledField",
    "Suspension",
    "certify_threshold",
    "drifted",
    "fit_certificate",
    "group_of",
    "load_certificate",
    "refuted",
    "save_certificate",
    "shipped_certificate",
    "upper_bound",
]
