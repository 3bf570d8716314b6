"""YAML → policies, vocabularies, test cases, with every mistake at its place; and the JSON Schemas of those files."""
