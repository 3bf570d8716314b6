"""Every code that a diagnostic can carry, with its meaning.

A code names a kind of mistake for good: people search for it in docs/diagnostics.md, which explains each with an
example, and programs that read JSON tell mistakes apart by it. The first letter says which check found the mistake.

To add a code: add a member here, report it, explain it in docs/diagnostics.md (maps: in docs/command-line.md,
histories: in docs/backtest.md), and add a test in which it is reported. Tests hold that none of these is forgotten. A
code that is no longer reported is deleted, and its number is not given to anything else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ErrorCode(StrEnum):
    """A kind of mistake, such as `ErrorCode.P001`.

    A member equals its text and is written as it: `ErrorCode.P001 == "P001"`. It is an enum so that a code that doesn't
    exist is an error of types, and not a code that nobody explains.
    """

    meaning: str
    """What is wrong, as a noun phrase in lower case without a final period: the heading in docs/diagnostics.md."""

    def __new__(cls, code: str, meaning: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    @property
    def is_warning(self) -> bool:
        """Whether it is about something that is right as it stands, so that the policies pass a check all the same."""
        return self.value.startswith("W")

    # Y: the YAML of any file, found by engine.reading.document; Y098 also by whoever bounds a check
    Y001 = "Y001", "a file that is not UTF-8"
    Y002 = "Y002", "a file of more than 1 MiB"
    Y003 = "Y003", "an invisible character: a control character, a zero-width space, a mark that turns the text"
    Y004 = "Y004", "a file with nothing in it"
    Y005 = "Y005", "a file that is not made of `key: value` entries"
    Y006 = "Y006", "a second document in one file, or text after the end mark"
    Y007 = "Y007", "a directive, such as `%YAML`"
    Y008 = "Y008", "a file without its end mark `...`, which may be cut off"
    Y010 = "Y010", "a key that is written twice"
    Y011 = "Y011", "a key that is a list or a mapping"
    Y012 = "Y012", "an entry without a key"
    Y013 = "Y013", "a merge key, `<<`"
    Y014 = "Y014", "a comma that ends a value within brackets, where it should be part of it"
    Y020 = "Y020", "an alias, `*name`"
    Y021 = "Y021", "an anchor, `&name`"
    Y022 = "Y022", "a tag, `!name`"
    Y030 = "Y030", "nesting of more than 50 levels"
    Y031 = "Y031", "a line that is indented with a tab"
    Y040 = "Y040", "text that YAML can't read"
    Y098 = "Y098", "policies that can't be checked within the limits of time and memory"
    Y099 = "Y099", "more mistakes than one file shows"

    # P: the structure of a policy, facts or cases file
    P000 = "P000", "a rules folder without policies"
    P001 = "P001", "a key that is not known here"
    P002 = "P002", "a key that must be written is missing"
    P003 = "P003", "the wrong kind of thing: a list where entries belong, text where a number belongs"
    P004 = "P004", "a name with characters that names can't have"
    P005 = "P005", "a name that already means something else in every policy"
    P006 = "P006", "a name or an id that is used twice"
    P007 = "P007", "a word that is not one of the words possible here"
    P008 = "P008", "an outcome that the case kind's ladder doesn't have"
    P009 = "P009", "`if_missing` is neither `ignore` nor the case kind's cautious outcome"
    P010 = "P010", "a text that is missing in one language"
    P011 = "P011", "a brace in a reason that is not closed, or closed without being opened"
    P012 = "P012", "a date that is not a day of the calendar, written YYYY-MM-DD"
    P013 = "P013", "dates that don't ascend"
    P014 = "P014", "values of one parameter that are of different kinds"
    P015 = "P015", "a literal that doesn't fit its declared type"
    P016 = "P016", "something empty that needs at least one entry"
    P017 = "P017", "a scorecard criterion that doesn't say what a missing input earns"
    P018 = "P018", "an enum without its members, or members repeated or given to another type"
    P019 = "P019", "a table row that omits an output, or gives one that the other rows don't"
    P020 = "P020", "an output's order of priority that is missing, or doesn't fit its words"
    P021 = "P021", "`conditions` on a rule that can't carry them"
    P022 = "P022", "two keys that exclude each other"
    P023 = "P023", "what must ascend, written in a way that can't be read"
    P024 = "P024", "a list with an entry twice, with too many, or `of` without a list"
    P025 = "P025", "a word made of outputs that its row doesn't give as numbers or words"
    P030 = "P030", "a currency that ISO 4217 doesn't have"
    P031 = "P031", "a fact's name that is not `group.name` with a known group"
    P032 = "P032", "a standard fact that is declared again"
    P033 = "P033", "bounds that don't fit their type or each other"
    P034 = "P034", "an example that the fact itself would refuse"
    P035 = "P035", "a rules folder without `facts.yaml`"
    P036 = "P036", "a number outside the bounds of its type, such as a percentage for a rate"
    P037 = "P037", "a list that doesn't say what its records hold, or how many there may be"
    P038 = "P038", "a time zone that the IANA database doesn't have"
    P039 = "P039", "a standard action that is declared again"
    P040 = "P040", "a fixture that the file doesn't have"
    P041 = "P041", "a fact that a case of this kind doesn't have"
    P042 = "P042", "a fact's value that a request couldn't carry either"
    P045 = "P045", "a currency, or a rate of one, that a request couldn't carry either"
    P046 = "P046", "`for` on something that holds no amounts, or with no currency"
    P047 = "P047", "an age of exchange rates that is no number of days"

    P043 = "P043", "a title for something that there is not"
    P044 = "P044", "a language that is none, or listed twice"

    # F: whether FEEL can be read
    F001 = "F001", "FEEL that can't be read"
    F002 = "F002", "a place where FEEL is expected and nothing is written"

    # N: names, and who may read them
    N001 = "N001", "a name that nothing has"
    N002 = "N002", "values that need each other"
    N003 = "N003", "a name that this policy can't read"
    N004 = "N004", "a function that FEEL or a policy doesn't have"
    N005 = "N005", "two policies of one name"
    N006 = "N006", "a condition that two rules set"
    N007 = "N007", "a value's name where a word is expected"
    N008 = "N008", "a formula that reads a list"
    N009 = "N009", "a parameter that nothing reads"
    N010 = "N010", "a name in a policy test that no decision has"
    N011 = "N011", "a policy that is listed but that no file defines"
    N012 = "N012", "a policy that is not listed in `facts.yaml`"
    N013 = "N013", "an action that nobody declared"

    # T: types, units and functions
    T001 = "T001", "types or units that don't go together"
    T002 = "T002", "something that is neither true nor false where a condition belongs"
    T003 = "T003", "FEEL that policies don't have"
    T004 = "T004", "arguments that don't fit the function"
    T005 = "T005", "a result that could need more than 38 digits, or leave the calendar"
    T006 = "T006", "arithmetic that is not exact"
    T007 = "T007", "a word that the enum doesn't have"
    T008 = "T008", "a division by zero"
    T009 = "T009", "a parameter's text that was meant as a number"
    T010 = "T010", "a formula that takes a percentage for a rate"
    T011 = "T011", "a list where one value belongs, or the other way round"

    # L: what tables and rules can never do
    L001 = "L001", "a rule that can never fire"
    L002 = "L002", "rows that overlap under `unique`"
    L003 = "L003", "rows that overlap under `any` and don't agree"
    L004 = "L004", "a row that can never be hit"
    L005 = "L005", "a table too intricate to be checked"
    L006 = "L006", "values that no row covers"
    L007 = "L007", "a condition that is always true"

    L008 = "L008", "values that don't ascend, though the policy says that they must"
    L009 = "L009", "something that can't be put in order"

    # E: the exceptions of a policy set
    E001 = "E001", "an exception that is asked for and approved by one person"
    E002 = "E002", "an exception that ends before it begins, or lasts too long"
    E003 = "E003", "an exception that names a rule no policy has"
    E004 = "E004", "an exception that names a rule nobody may waive"
    E005 = "E005", "an exception for rules about two kinds of case"
    E006 = "E006", "an exception for everybody"

    # B: what decides one case at a time but can't run as SQL
    B001 = "B001", "a text function whose result depends on the database"
    B002 = "B002", "a number that can become longer than the 38 digits that every database keeps"
    B003 = "B003", "values that build on one another in a chain longer than databases plan"
    B004 = "B004", "a list of records, which this database can't go through"
    B005 = "B005", "a map's formula that works out a person's name"

    # W: warnings, about what is right as it stands and most likely not meant
    W001 = "W001", "a parameter that begins only in the future"
    W002 = "W002", "an exception that has ended"
    W003 = "W003", "texts in a language that is not listed"
    W004 = "W004", "amounts that were chosen in another currency than the set's"
    W005 = "W005", "a rate that is divided by 100, though it is a share already"
    W006 = "W006", "a list of holidays that ends soon"
    W007 = "W007", "values by date that have come to their end"

    # V: the invariants of a policy set
    V001 = "V001", "an invariant that speaks of no case"
    V002 = "V002", "an invariant about what is not there"
    V004 = "V004", "a change that its fact can't have"

    # M: a map of rows, found by files.maps.row_map_file
    M001 = "M001", "a fact that a case of this kind doesn't have"
    M002 = "M002", "a fact that is given neither by a column nor by a formula, or by both"
    M003 = "M003", "a date format that can't be understood, or one on something that is no date"
    M004 = "M004", "a formula that can't be read"
    M005 = "M005", "a formula that reads a name the map doesn't have"
    M006 = "M006", "formulas that read one another in a circle"
    M007 = "M007", "a required fact that the map leaves out"
    M008 = "M008", "a translation of cells to something that the fact can't hold"
    M009 = "M009", "a formula that gives nothing which the fact can hold"
    M010 = "M010", "signs of numbers or of an id's parts that can't be used"
    M011 = "M011", "a currency that is no ISO 4217 code"

    # H: a map of an invoice history, found by receivables.history.history_map_file
    H001 = "H001", "an assumed fact that an order doesn't have"
    H002 = "H002", "an assumption about something that the history itself tells"
    H003 = "H003", "an assumed value that the fact can't hold"
    H004 = "H004", "a date format that can't be understood, or one on something that is no date"
    H005 = "H005", "a currency that is no ISO 4217 code"
    H006 = "H006", "a translation of cells to something that the column can't hold"
    H007 = "H007", "signs of numbers or of an id's parts that can't be used"

    # I: the policy folder of a running service, found by ledger.policies.in_force
    I001 = "I001", "a fault of credence itself, which its log explains"
    I002 = "I002", "a policy folder that can't be read"
    I003 = "I003", "a policy set that was in force last and doesn't check under this engine"
