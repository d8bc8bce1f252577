"""Turns scanned Vietnamese civil-status registers (sổ hộ tịch) into certified records.

What ``extractor.__all__`` names is the public interface; docs/api-python.md lists it and says how long it stays. Each
name is loaded when it is first asked for, so that ``import extractor`` costs nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

# ONNX Runtime would write down what it ran on and try to send that; here nothing leaves the machine. It looks once,
# when it is first imported, and processes that are started inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

PUBLIC: dict[str, dict[str, tuple[str, ...]]] = {
    "Scans and pages": {
        "extractor.scans": ("CleanPage", "Limits", "SetAside", "SourcePage", "clean_page", "open_inputs"),
        "extractor.readers.page_text": ("PageText",),
        "extractor.readers.printed": ("read_page",),
    },
    "Forms": {
        "extractor.templates": (
            "FieldSpec", "Finding", "Form", "FormMatch", "FormSchema", "Kind", "LocatedField", "LocatedRecord",
            "RegisteredPage", "check_forms", "find_form", "identify", "load_form", "load_forms", "register",
        ),
        "extractor.templates.blank": ("draw_blank",),
        "extractor.templates.drafting": ("Draft", "draft_form", "write_draft"),
        "extractor.batch.drafting": ("DraftReport", "draft_from_scans"),
        "extractor.templates.designing": ("Design", "Fault", "find_faults", "to_design", "to_files"),
        "extractor.templates.overlay": ("draw_overlay", "draw_registered", "from_layout", "marks_of", "to_layout"),
    },
    "Readers": {
        "extractor.readers": ("Reader", "Reading", "get_reader", "reader_names", "register_reader"),
        "extractor.readers.handwriting": (
            "AllowedCharacters", "Guide", "HandwritingReader", "Lexicon", "TrocrReader",
        ),
        "extractor.readers.handwriting.model": ("LineRecogniser", "LineRecogniserConfig", "load_recogniser"),
    },
    "Runs and records": {
        "extractor.settings": ("Settings", "get_settings"),
        "extractor.pipeline": ("Pipeline", "PipelineOptions"),
        "extractor.batch.run": ("RunOptions", "RunSummary", "run"),
        "extractor.records": (
            "BookKey", "Box", "Candidate", "Decision", "FieldState", "FieldValue", "PageProblem", "Record",
            "RuleWarning", "read_records", "write_records",
        ),
        "extractor.vietnamese": ("Context", "decode", "normalise", "parse_date"),
        "extractor.errors": ("ExtractorError",),
    },
    "Evaluation": {
        "extractor.evaluation": (
            "Evaluation", "Figures", "TruthField", "TruthRecord", "evaluate", "read_truth", "render_table",
            "write_plots",
        ),
        "extractor.evaluation.alignment": ("Pair", "align"),
        "extractor.evaluation.confusions": (
            "Aspect", "Confusion", "Confusions", "GroupErrors", "ReadLine", "Share", "compare_groups",
            "count_confusions",
        ),
        "extractor.evaluation.confusion_plots": ("draw_groups", "draw_matrix", "draw_worst"),
        "extractor.evaluation.picture_slider": ("PictureSlider", "slide"),
        "extractor.training.metrics": ("LineErrors", "line_errors"),
        "extractor.vietnamese.letter_parts": ("LetterParts", "letter_parts"),
    },
    "Confidence and certificates": {
        "extractor.confidence": (
            "Certificate", "FieldEvidence", "GroupCertificate", "LabelledField", "fit_certificate", "group_of",
            "load_certificate", "save_certificate", "upper_bound",
        ),
        "extractor.confidence.costs": ("TargetCost", "cost_of", "costs_of_targets"),
        "extractor.batch.calibrate": ("LabelledBooks", "label_books"),
        "extractor.batch.certifying": ("labels_from_decisions",),
    },
    "Data to learn from": {
        "extractor.training.synth": ("RenderedBook", "render_book"),
        "extractor.training.fonts": ("FontSpec", "load_fonts"),
        "extractor.training.ink": ("draw_text", "put_on_paper"),
        "extractor.training.augment": ("augment", "coarsen", "compress", "fade", "rule", "speckle"),
        "extractor.training.rendered": ("can_write", "font_lines"),
        "extractor.training.line_texts": ("kind_text", "line_text"),
        "extractor.training.samples": ("Sample", "read_picture"),
        "extractor.training.collections": ("LabelledLine", "read_collection"),
        "extractor.learning.line_set": ("LearningLine", "LineSet", "Manifest", "read_line_set", "write_line_set"),
    },
    "Training": {
        "extractor.training.recipe": ("Recipe", "load_recipe"),
        "extractor.training.architectures": ("build_recogniser",),
        "extractor.training.ctc": ("Alphabet", "ctc_loss"),
        "extractor.training.rendering": ("batches",),
        "extractor.training.train": ("Schedule", "fine_tune", "read_samples"),
        "extractor.training.finish": ("save_finished",),
    },
    "Learning from corrections": {
        "extractor.learning.exporting": ("ExportTerms", "export_line_set"),
        "extractor.learning.fine_tuning": ("recipe_from_set", "train"),
        "extractor.learning.evaluating": ("Kept", "evaluate_candidate", "read_kept"),
        "extractor.learning.comparison": ("Comparison",),
        "extractor.learning.comparison_views": ("draw_differences", "render_comparison"),
        "extractor.learning.promotion": ("load_rule", "objections", "shipped_rule"),
        "extractor.learning.registry": ("Registry", "Version"),
        "extractor.batch.storage": ("open_store",),
    },
}  # fmt: skip
"""The public interface: by topic, the modules its names are loaded from. The imports below say the same to editors."""

if TYPE_CHECKING:
    from extractor.batch.calibrate import LabelledBooks, label_books
    from extractor.batch.certifying import labels_from_decisions
    from extractor.batch.drafting import DraftReport, draft_from_scans
    from extractor.batch.run import RunOptions, RunSummary, run
    from extractor.batch.storage import open_store
    from extractor.confidence import (
        Certificate,
        FieldEvidence,
        GroupCertificate,
        LabelledField,
        fit_certificate,
        group_of,
        load_certificate,
        save_certificate,
        upper_bound,
    )
    from extractor.confidence.costs import TargetCost, cost_of, costs_of_targets
    from extractor.errors import ExtractorError
    from extractor.evaluation import (
        Evaluation,
        Figures,
        TruthField,
        TruthRecord,
        evaluate,
        read_truth,
        render_table,
        write_plots,
    )
    from extractor.evaluation.alignment import Pair, align
    from extractor.evaluation.confusion_plots import draw_groups, draw_matrix, draw_worst
    from extractor.evaluation.confusions import (
        Aspect,
        Confusion,
        Confusions,
        GroupErrors,
        ReadLine,
        Share,
        compare_groups,
        count_confusions,
    )
    from extractor.evaluation.picture_slider import PictureSlider, slide
    from extractor.learning.comparison import Comparison
    from extractor.learning.comparison_views import draw_differences, render_comparison
    from extractor.learning.evaluating import Kept, evaluate_candidate, read_kept
    from extractor.learning.exporting import ExportTerms, export_line_set
    from extractor.learning.fine_tuning import recipe_from_set, train
    from extractor.learning.line_set import LearningLine, LineSet, Manifest, read_line_set, write_line_set
    from extractor.learning.promotion import load_rule, objections, shipped_rule
    from extractor.learning.registry import Registry, Version
    from extractor.pipeline import Pipeline, PipelineOptions
    from extractor.readers import Reader, Reading, get_reader, reader_names, register_reader
    from extractor.readers.handwriting import AllowedCharacters, Guide, HandwritingReader, Lexicon, TrocrReader
    from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig, load_recogniser
    from extractor.readers.page_text import PageText
    from extractor.readers.printed import read_page
    from extractor.records import (
        BookKey,
        Box,
        Candidate,
        Decision,
        FieldState,
        FieldValue,
        PageProblem,
        Record,
        RuleWarning,
        read_records,
        write_records,
    )
    from extractor.scans import CleanPage, Limits, SetAside, SourcePage, clean_page, open_inputs
    from extractor.settings import Settings, get_settings
    from extractor.templates import (
        FieldSpec,
        Finding,
        Form,
        FormMatch,
        FormSchema,
        Kind,
        LocatedField,
        LocatedRecord,
        RegisteredPage,
        check_forms,
        find_form,
        identify,
        load_form,
        load_forms,
        register,
    )
    from extractor.templates.blank import draw_blank
    from extractor.templates.designing import Design, Fault, find_faults, to_design, to_files
    from extractor.templates.drafting import Draft, draft_form, write_draft
    from extractor.templates.overlay import draw_overlay, draw_registered, from_layout, marks_of, to_layout
    from extractor.training.architectures import build_recogniser
    from extractor.training.augment import augment, coarsen, compress, fade, rule, speckle
    from extractor.training.collections import LabelledLine, read_collection
    from extractor.training.ctc import Alphabet, ctc_loss
    from extractor.training.finish import save_finished
    from extractor.training.fonts import FontSpec, load_fonts
    from extractor.training.ink import draw_text, put_on_paper
    from extractor.training.line_texts import kind_text, line_text
    from extractor.training.metrics import LineErrors, line_errors
    from extractor.training.recipe import Recipe, load_recipe
    from extractor.training.rendered import can_write, font_lines
    from extractor.training.rendering import batches
    from extractor.training.samples import Sample, read_picture
    from extractor.training.synth import RenderedBook, render_book
    from extractor.training.train import Schedule, fine_tune, read_samples
    from extractor.vietnamese import Context, decode, normalise, parse_date
    from extractor.vietnamese.letter_parts import LetterParts, letter_parts

__all__ = [
    "AllowedCharacters",
    "Alphabet",
    "Aspect",
    "BookKey",
    "Box",
    "Candidate",
    "Certificate",
    "CleanPage",
    "Comparison",
    "Confusion",
    "Confusions",
    "Context",
    "Decision",
    "Design",
    "Draft",
    "DraftReport",
    "Evaluation",
    "ExportTerms",
    "ExtractorError",
    "Fault",
    "FieldEvidence",
    "FieldSpec",
    "FieldState",
    "FieldValue",
    "Figures",
    "Finding",
    "FontSpec",
    "Form",
    "FormMatch",
    "FormSchema",
    "GroupCertificate",
    "GroupErrors",
    "Guide",
    "HandwritingReader",
    "Kept",
    "Kind",
    "LabelledBooks",
    "LabelledField",
    "LabelledLine",
    "LearningLine",
    "LetterParts",
    "Lexicon",
    "Limits",
    "LineErrors",
    "LineRecogniser",
    "LineRecogniserConfig",
    "LineSet",
    "LocatedField",
    "LocatedRecord",
    "Manifest",
    "PageProblem",
    "PageText",
    "Pair",
    "PictureSlider",
    "Pipeline",
    "PipelineOptions",
    "ReadLine",
    "Reader",
    "Reading",
    "Recipe",
    "Record",
    "RegisteredPage",
    "Registry",
    "RenderedBook",
    "RuleWarning",
    "RunOptions",
    "RunSummary",
    "Sample",
    "Schedule",
    "SetAside",
    "Settings",
    "Share",
    "SourcePage",
    "TargetCost",
    "TrocrReader",
    "TruthField",
    "TruthRecord",
    "Version",
    "__version__",
    "align",
    "augment",
    "batches",
    "build_recogniser",
    "can_write",
    "check_forms",
    "clean_page",
    "coarsen",
    "compare_groups",
    "compress",
    "cost_of",
    "costs_of_targets",
    "count_confusions",
    "ctc_loss",
    "decode",
    "draft_form",
    "draft_from_scans",
    "draw_blank",
    "draw_differences",
    "draw_groups",
    "draw_matrix",
    "draw_overlay",
    "draw_registered",
    "draw_text",
    "draw_worst",
    "evaluate",
    "evaluate_candidate",
    "export_line_set",
    "fade",
    "find_faults",
    "find_form",
    "fine_tune",
    "fit_certificate",
    "font_lines",
    "from_layout",
    "get_reader",
    "get_settings",
    "group_of",
    "identify",
    "kind_text",
    "label_books",
    "labels_from_decisions",
    "letter_parts",
    "line_errors",
    "line_text",
    "load_certificate",
    "load_fonts",
    "load_form",
    "load_forms",
    "load_recipe",
    "load_recogniser",
    "load_rule",
    "marks_of",
    "normalise",
    "objections",
    "open_inputs",
    "open_store",
    "parse_date",
    "put_on_paper",
    "read_collection",
    "read_kept",
    "read_line_set",
    "read_page",
    "read_picture",
    "read_records",
    "read_samples",
    "read_truth",
    "reader_names",
    "recipe_from_set",
    "register",
    "register_reader",
    "render_book",
    "render_comparison",
    "render_table",
    "rule",
    "run",
    "save_certificate",
    "save_finished",
    "shipped_rule",
    "slide",
    "speckle",
    "to_design",
    "to_files",
    "to_layout",
    "train",
    "upper_bound",
    "write_draft",
    "write_line_set",
    "write_plots",
    "write_records",
]

_HOME = {name: module for modules in PUBLIC.values() for module, names in modules.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'extractor' has no attribute '{name}'")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """All public names, loaded or not, beside what is loaded."""
    return sorted({*globals(), *__all__})
