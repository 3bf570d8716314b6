"""Every code a diagnostic can carry, with its meaning; docs/diagnostics.md explains each with an example.

Readers: `P` is the structure of a policy, facts or cases file, `F` the FEEL inside it. Checks that follow: `N` names
and who may read them, `T` types, units and functions, `L` what tables and rules can never do, `B` what bulk can't run.
(`Y`, the YAML itself, is in engine.reading.document; `M` and `H`, maps, in files.maps.row_map_file and
receivables.history.history_map_file.)
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "P001": "a key that is not known here",
    "P002": "a key that must be written is missing",
    "P003": "the wrong kind of thing: a list where entries belong, text where a number belongs",
    "P004": "a name with characters that names can't have",
    "P005": "a name that already means something else in every policy",
    "P006": "a name or an id that is used twice",
    "P007": "a word that is not one of the words possible here",
    "P008": "an outcome that the case kind's ladder doesn't have",
    "P009": "`if_missing` is neither `ignore` nor the case kind's cautious outcome",
    "P010": "a text that is missing in one language",
    "P011": "a brace in a reason that is not closed, or closed without being opened",
    "P012": "a date that is not a day of the calendar, written YYYY-MM-DD",
    "P013": "dates that don't ascend",
    "P014": "values of one parameter that are of different kinds",
    "P015": "a literal that doesn't fit its declared type",
    "P016": "something empty that needs at least one entry",
    "P017": "a scorecard criterion that doesn't say what a missing input earns",
    "P018": "an enum without its members, or members repeated or given to another type",
    "P019": "a table row that omits an output, or gives one that the other rows don't",
    "P020": "an output's order of priority that is missing, or doesn't fit its words",
    "P021": "`conditions` on a rule that can't carry them",
    "P022": "two keys that exclude each other",
    "P030": "a currency that ISO 4217 doesn't have",
    "P031": "a fact's name that is not `group.name` with a known group",
    "P032": "a standard fact that is declared again",
    "P033": "bounds that don't fit the fact's type or each other",
    "P034": "an example that the fact itself would refuse",
    "P035": "a rules folder without `facts.yaml`",
    "P040": "a fixture that the file doesn't have",
    "P041": "a fact that a case of this kind doesn't have",
    "P042": "a fact's value that a request couldn't carry either",
    "F001": "FEEL that can't be read",
    "F002": "a place where FEEL is expected and nothing is written",
}
"""What readers of one file find."""

CHECK_CODES: Mapping[str, str] = {
    "P000": "a rules folder without policies",
    "N001": "a name that nothing has",
    "N002": "values that need each other",
    "N003": "a name that this policy can't read",
    "N004": "a function that FEEL or a policy doesn't have",
    "N005": "two policies of one name",
    "N006": "a condition that two rules set",
    "N007": "a value's name where a word is expected",
    "N008": "a formula that reads a list",
    "N009": "a parameter that nothing reads",
    "N010": "a name in a policy test that no decision has",
    "N011": "a policy that is listed but that no file defines",
    "N012": "a policy that is not listed in `facts.yaml`",
    "T001": "types or units that don't go together",
    "T002": "something that is neither true nor false where a condition belongs",
    "T003": "FEEL that policies don't have",
    "T004": "arguments that don't fit the function",
    "T005": "a result that could need more than 38 digits, or leave the calendar",
    "T006": "arithmetic that is not exact",
    "T007": "a word that the enum doesn't have",
    "T008": "a division by zero",
    "T009": "a parameter's text that was meant as a number",
    "L001": "a rule that can never fire",
    "L002": "rows that overlap under `unique`",
    "L003": "rows that overlap under `any` and don't agree",
    "L004": "a row that can never be hit",
    "L005": "a table too intricate to be checked",
    "L006": "values that no row covers",
    "L007": "a condition that is always true",
    "B001": "a text function whose result depends on the database",
    "B002": "a number that can become longer than the 38 digits that every database keeps",
    "B003": "values that build on one another in a chain longer than databases plan",
}
"""What is found once files are read, from names to bulk."""
