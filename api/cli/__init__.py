"""The command line `credence`: one module for each command, put together in `main`.

A command is a function in a module of its name (`check.py`, `decide.py`, …). It reads its files, calls the rooms below
(engine, files, receivables, ledger), prints the answer on standard output and everything about the run on standard
error, and ends with one of the exit codes of `console`. It decides nothing itself.

    start → main → grammar (options in blocks, help in groups, wrong usage in plain words) → a command

What commands share, each module below importing only those above it:

- `console`: where to print, how to refuse, exit codes.
- `options`: every option that more than one command has, once, and the blocks of them.
- `policy_folder`: from `--rules` to an engine; `tests_and_maps`: what lies beside the policies.
- `input_files`, `progress`: maps, encodings and places looked at before a long run; the bar during it.
- `case_to_decide`: the one case of `decide` and `explain`.
- `file_run`, `summary_tables`: a whole file, for `decide-file` and `batch`; `report_files`: pages and rejects, for
  `portfolio` and `backtest`.

To add a command: a module with a function whose docstring has a first sentence, an `Example:` and an `Exit code:`;
a line in `main.COMMANDS`; a section with a mark in docs/command-line.md, and `python scripts/option_tables.py`. Options
come from `options`; one that only this command has stands in its module, in one of the groups of `options.PANELS`.
tests/api/cli/test_cli_grammar.py holds all of it.

Start reading at `decide`, the shortest whole command, then `grammar`.
"""
