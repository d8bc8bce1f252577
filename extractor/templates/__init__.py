"""Page templates: load and check forms, identify a page's form, lay it over the page, locate the fields."""

from extractor.templates.checks import Finding, check_forms
from extractor.templates.form import FieldSpec, FormSchema, Kind, Option
from extractor.templates.identify import evidence, identify, register
from extractor.templates.layouts import template_json_schema
from extractor.templates.load import Form, find_form, load_form, load_forms
from extractor.templates.types import (
    FormMatch,
    LocatedField,
    LocatedOption,
    LocatedRecord,
    RegisteredPage,
)

__all__ = [
    "FieldSpec",
    "Finding",
    "Form",
    "FormMatch",
    "FormSchema",
    "Kind",
    "LocatedField",
    "LocatedOption",
    "LocatedRecord",
    "Option",
    "RegisteredPage",
    "check_forms",
    "evidence",
    "find_form",
    "identify",
    "load_form",
    "load_forms",
    "register",
    "template_json_schema",
]
