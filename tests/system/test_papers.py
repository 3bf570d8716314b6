"""The papers around the code say what the code says: versions, commands and files that are there."""

from __future__ import annotations

import re
import tomllib

import yaml

from engine.version import POLICY_LANGUAGE, RELEASE
from scripts.facts_reference import PAGE, page, standard_vocabulary
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_ci_runs_on_every_python_that_is_supported() -> None:
    ci = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"])
    assert bounds is not None
    oldest, newest = bounds.groups()
    supported = [f"3.{minor}" for minor in range(int(oldest), int(newest))]

    assert ci["jobs"]["test"]["strategy"]["matrix"]["python"] == supported
    named = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if "Python :: 3." in name]
    assert named == supported


def test_the_forms_are_yaml_with_a_label_for_every_field() -> None:
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 3
    for form in forms:
        fields = yaml.safe_load(form.read_text("utf-8"))["body"]
        assert all(field["attributes"]["label"] for field in fields)


def test_the_changelog_has_this_release_or_what_comes_after_it() -> None:
    headings = re.findall(
        r"^## (.+?) · policy language (\d+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert headings
    assert headings[0][0] in ("Unreleased", RELEASE)


def test_the_policy_language_grows_where_a_change_is_starred() -> None:
    """By one, and only there; the engine speaks the newest."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("\n## ")[2]
    sections = [section.partition("\n") for section in text.split("\n## ")]
    versions = [int(heading.rpartition(" policy language ")[2]) for heading, _, _ in sections]
    grows = ["★" in content for _, _, content in sections]
    before = [*versions[1:], 0]
    assert [new - old for new, old in zip(versions, before, strict=True)] == [int(each) for each in grows]
    assert versions[0] == POLICY_LANGUAGE


def test_every_file_that_a_paper_links_to_is_there() -> None:
    for paper in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text("utf-8")):
            assert (paper.parent / target).exists(), f"{paper.relative_to(ROOT)} links to {target}"


def test_every_place_of_a_checklist_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    places = re.findall(r"`((?:engine|files|receivables|ledger|api|tests|docs|scripts|schema)/[\w./-]*)`", text)
    assert len(set(places)) > 30
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_page_of_facts_is_made_from_the_vocabulary() -> None:
    assert PAGE.read_text("utf-8") == page(standard_vocabulary()), "run scripts/facts_reference.py"


def test_the_page_of_sources_has_every_standard_fact_once() -> None:
    text = (ROOT / "docs/where-facts-come-from.md").read_text("utf-8")
    named = re.findall(r"^\| `([a-z_.]+)` \| (?:field|computed|outside) \| .+ \|$", text, re.MULTILINE)
    assert sorted(named) == sorted(standard_vocabulary().facts)
