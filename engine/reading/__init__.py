"""The author's files: YAML text into policies, facts, and tests of policies, with every mistake at its place.

Each kind of file goes through two verbs, of which none raises for what an author wrote; both give diagnostics:

    text  -document.read->  Document  -read_policy->      Policy              rules/*.yaml
                                      -read_vocabulary->  Vocabulary          rules/facts.yaml
                                      -read_exceptions->  ExceptionDefinition rules/exceptions.yaml
                                      -read_retention->   RetentionRule       rules/retention.yaml
                                      -read_cases->       Suite of Cases      rules/cases/*.yaml

Nouns: `document` (YAML as a tree with places), `policy` (a policy's parts), `policy_test` (cases and what is expected).
The vocabulary is a noun of `engine.vocabulary`. Readers: `policy_file` with `rule_definitions` and `table_definition`,
`vocabulary_file`, `exceptions_file`, `retention_file`, `cases`, and `policy_list`, which holds the list of policies in
facts.yaml against the folder.

They share two modules. `fields.FieldReader` reads nodes against what a file must look like and collects the mistakes:
each of its methods gives None for what is wrong, so that reading goes on to the next mistake. `leaf` reads FEEL, cells,
literals and the texts of reasons. `fact_value` reads the value of a fact, as a request would carry it.

Schemas: `file_schemas` of the files, for editors; `request_schemas` of the facts in a request.

Start with `policy_file.read_policy`. What a name stands for, and whether units fit, is not asked here but by
`engine.compiling`.
"""
