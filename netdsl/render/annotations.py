"""Diagnostics for the services that check every change of a repository: GitHub, SARIF, JUnit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from netdsl import __version__
from netdsl.core.diagnostics import Code, Diagnostic, Fix, errors
from netdsl.core.source import Source, Span
from netdsl.core.translation import translate
from netdsl.render.cells import visible
from netdsl.render.diagnostics import render_text

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 cannot hold, not even escaped."""


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """A workflow command of GitHub Actions a diagnostic, which marks the line in a pull request.

    The format is that of GitHub's "Workflow commands for GitHub Actions".
    """
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """A log of SARIF 2.1.0 (OASIS), as code scanning reads it; columns count characters."""
    codes = {diagnostic.code: diagnostic.code for diagnostic in diagnostics if isinstance(diagnostic.code, Code)}
    driver = {
        "name": "netdsl",
        "version": __version__,
        "rules": [_sarif_rule(codes[name]) for name in sorted(codes)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(map(_sarif_result, diagnostics)),
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def render_junit(files: Mapping[Source, Sequence[Diagnostic]]) -> str:
    """A test report in JUnit's XML: each file is a test case, which fails if the file has an error."""
    suite = ElementTree.Element("testsuite", name="netdsl check", tests=str(len(files)), errors="0", skipped="0")
    for source, diagnostics in files.items():
        case = ElementTree.SubElement(suite, "testcase", classname="netdsl.check", name=_xml(source.name))
        if wrong := errors(diagnostics):
            failure = ElementTree.SubElement(case, "failure", type=wrong[0].code, message=_xml(wrong[0].message))
            failure.text = _xml(render_text(diagnostics))
        elif diagnostics:
            ElementTree.SubElement(case, "system-out").text = _xml(render_text(diagnostics))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    report: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return report.decode() + "\n"


def _command(diagnostic: Diagnostic) -> str:
    start, end = diagnostic.span.position, diagnostic.span.end_position
    properties = {
        "file": diagnostic.span.source.name,
        "line": start.line,
        "col": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "title": diagnostic.code,
    }
    said = ",".join(f"{name}={_escape(visible(str(value)), ',:')}" for name, value in properties.items())
    message = _escape("\n".join(_sentences(diagnostic)))
    return f"::{diagnostic.severity} {said}::{message}"


def _escape(value: str, more: str = "") -> str:
    """A value of a workflow command: the percent sign first, since the others become percents."""
    for char in ("%", "\r", "\n", *more):
        value = value.replace(char, f"%{ord(char):02X}")
    return value


def _sentences(diagnostic: Diagnostic) -> list[str]:
    """What a place without room for the marked lines says: the message, the fix and the help."""
    fix = diagnostic.fix.message if diagnostic.fix else None
    more = (f"{translate(word)}: {said}" for word, said in (("fix", fix), ("help", diagnostic.help)) if said)
    return [visible(line) for said in (diagnostic.message, *more) for line in said.split("\n")]


def _sarif_rule(code: Code) -> dict[str, object]:
    return {
        "id": str(code),
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.meaning},
        "defaultConfiguration": {"level": Diagnostic(code, "", Source("", "").span(0, 0)).severity},
    }


def _sarif_result(diagnostic: Diagnostic) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": str(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": "\n".join(_sentences(diagnostic))},
        "locations": [_sarif_location(diagnostic.span)],
    }
    if diagnostic.labels:
        related = [{**_sarif_location(label.span), "message": {"text": label.text}} for label in diagnostic.labels]
        result["relatedLocations"] = related
    if diagnostic.fix:
        result["fixes"] = [_sarif_fix(diagnostic.fix)]
    return result


def _sarif_location(span: Span) -> dict[str, object]:
    place = {"artifactLocation": {"uri": _uri(span.source)}, "region": _sarif_region(span)}
    return {"physicalLocation": place}


def _sarif_region(span: Span) -> dict[str, int]:
    start, end = span.position, span.end_position
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _sarif_fix(fix: Fix) -> dict[str, object]:
    changes: dict[Source, list[dict[str, object]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _sarif_region(edit.span), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.span.source, []).append(replacement)
    return {
        "description": {"text": fix.message},
        "artifactChanges": [
            {"artifactLocation": {"uri": _uri(source)}, "replacements": replacements}
            for source, replacements in changes.items()
        ],
    }


def _uri(source: Source) -> str:
    """A path as a reference of RFC 3986: an absolute one with its scheme, a relative one without."""
    path = Path(source.name)
    # `surrogateescape` in a name that is no UTF-8 must not end the report.
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="surrogateescape")


def _xml(value: str) -> str:
    return NO_XML.sub("�", value)
