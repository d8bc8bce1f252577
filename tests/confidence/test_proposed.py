"""What no reader saw letter for letter is certified apart from what was read."""

from extractor.confidence import FieldEvidence
from extractor.confidence.evidence import group_of


def test_proposed_texts_are_a_group_of_their_own():
    assert group_of(FieldEvidence("place")) == "place"
    assert group_of(FieldEvidence("place", proposed=True)) == "place_proposed"
    assert group_of(FieldEvidence("place", blank=True, proposed=True)) == "blank"


def test_evidence_stored_before_there_were_proposals_is_still_read():
    stored = FieldEvidence("place", reader=0.5).to_dict()
    del stored["proposed"]
    assert FieldEvidence.from_dict(stored) == FieldEvidence("place", reader=0.5)
