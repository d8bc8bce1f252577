"""The table of rules for the documentation."""

from __future__ import annotations

from extractor.rules.registry import Rule, all_rules


def rules_table() -> str:
    """All rules as a Markdown table, in the order of the list."""
    lines = [
        "| Rule | Severity | Registers | Fields | What should hold | Điều cần đúng | Source |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(rule) for rule in all_rules().values()]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    fields = ", ".join(f"`{code}`" for code in rule.fields) or ", ".join(f"kind `{kind}`" for kind in rule.kinds)
    cells = (
        f"`{rule.id}`",
        rule.severity.value + (" (along the book)" if rule.along_book else ""),
        ", ".join(rule.registers) or "all",
        fields or "-",
        rule.title_en,
        rule.title,
        rule.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
