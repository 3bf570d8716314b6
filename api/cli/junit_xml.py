"""A run of policy tests as JUnit XML, the form that CI servers read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from engine.testing.case_result import CaseResult, CasesRun

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that have no place in XML 1.0, not even escaped (its section 2.2)."""


def junit_xml(run: CasesRun) -> bytes:
    """The results as a file's bytes: one `testsuite` for each suite, one `testcase` for each test, with its seconds and
    the place where it stands; the differences of a failed test are the text of its `failure`.

        <testsuite name="orders" tests="2" failures="1" errors="0" time="0.003">
          <testcase classname="orders" name="small-order-passes" file="rules/cases/orders.yaml" line="7" time="0.001">
            <failure message="outcome: expected hold, got approve">…
    """
    root = ElementTree.Element("testsuites", _counts(run.results))
    for name in dict.fromkeys(result.suite.name for result in run.results):
        results = tuple(result for result in run.results if result.suite.name == name)
        suite = ElementTree.SubElement(root, "testsuite", {"name": name, **_counts(results)})
        for result in results:
            _case(suite, result)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _counts(results: tuple[CaseResult, ...]) -> dict[str, str]:
    """The attributes that a suite and the whole file share. A test fails or passes: there are no errors."""
    failed = sum(not result.passed for result in results)
    seconds = sum(result.seconds for result in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}


def _case(suite: ElementTree.Element, result: CaseResult) -> None:
    """One test under its suite. A character that XML can't hold is shown as U+FFFD."""
    place = result.case.place
    where = {"file": place.file, "line": str(place.line), "time": f"{result.seconds:.3f}"}
    names = {"classname": result.suite.name, "name": result.case.name}
    case = ElementTree.SubElement(suite, "testcase", {**names, **where})
    if result.passed:
        return
    lines = [_FORBIDDEN.sub("\ufffd", str(difference)) for difference in result.differences]
    failure = ElementTree.SubElement(case, "failure", message=lines[0])
    failure.text = "\n".join(lines)
