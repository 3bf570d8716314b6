"""FEEL, the expression language of the OMG's DMN 1.5 standard: the leaves of every policy.

`evaluate(text, context)` runs one expression on plain Python values, without a vocabulary.
"""

from engine.feel.evaluate import evaluate, evaluate_node, evaluate_unary_tests

__all__ = ["evaluate", "evaluate_node", "evaluate_unary_tests"]
