"""What no reader saw letter for letter is certified apart from what was read."""

from dataclasses import replace

from extractor.confidence import FieldEvidence, LabelledField, fit_certificate
from extractor.confidence.evidence import group_of, source_of


def test_proposed_texts_are_a_group_of_their_own():
    assert group_of(FieldEvidence("place")) == "place"
    assert group_of(FieldEvidence("place", proposed=True)) == "place_proposed"
    assert group_of(FieldEvidence("place", blank=True, proposed=True)) == "blank"
    assert group_of(FieldEvidence("person_name", repeated=True, proposed=True)) == "person_name_repeated"


def test_nothing_is_certified_for_names_that_stand_in_every_record():
    def certificate(repeated):
        evidence = FieldEvidence("person_name", reader=0.99, min_char=0.99, decoded=0.99, repeated=repeated)
        fields = [LabelledField(evidence, number % 81 != 0, f"book-{number % 88:02d}") for number in range(1600)]
        return fit_certificate(fields, source="test", forms={}, readers={}, target_error=0.05).groups

    assert certificate(repeated=False)["person_name"].threshold <= 1
    assert certificate(repeated=True)["person_name_repeated"].threshold > 1


def test_evidence_stored_before_there_were_proposals_is_still_read():
    stored = FieldEvidence("place", reader=0.5).to_dict()
    del stored["proposed"]
    assert FieldEvidence.from_dict(stored) == FieldEvidence("place", reader=0.5)


def test_photographs_and_coarse_scans_are_groups_of_their_own():
    assert source_of(200, photograph=False) == ""
    assert group_of(FieldEvidence("date", source=source_of(200, photograph=True))) == "date@photo"
    assert (
        group_of(FieldEvidence("date", proposed=True, source=source_of(96, photograph=False))) == "date_proposed@coarse"
    )


def test_what_was_proved_on_scans_accepts_nothing_on_photographs():
    """A photograph's field gets the confidence that scans of its kind have, and goes to a person all the same."""
    scan = FieldEvidence("date", reader=0.99, min_char=0.99, decoded=0.99, margin=0.9)
    photo = replace(scan, source="photo")
    fields = [LabelledField(scan, number % 400 != 0, f"book-{number % 88:02d}") for number in range(1600)]
    certificate = fit_certificate(fields, source="test", forms={}, readers={}, target_error=0.02)
    confidence = certificate.confidence(scan)
    assert certificate.confidence(photo) == confidence > 0.95
    assert certificate.accepts(scan, confidence)
    assert not certificate.accepts(photo, confidence)
    more = [*fields, *(replace(item, evidence=photo) for item in fields)]
    both = fit_certificate(more, source="test", forms={}, readers={}, target_error=0.02)
    assert both.accepts(photo, both.confidence(photo))
