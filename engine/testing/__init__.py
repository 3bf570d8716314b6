"""The policies' own test cases, run as requests would be, and what differs from what their authors expect.

An author writes cases under rules/cases: facts beside the outcome, the reasons and some results that they must give.
`credence test` runs them, and says which rules, table rows and scorecard bands no case has touched.

    run_cases      suites + engine → CasesRun
    case_result    its nouns: CaseResult with its CaseDifferences, Coverage with what was Tried

The cases themselves (Suite, Case, Expected) are nouns of `engine.reading`. Start with `run_cases`.
"""
