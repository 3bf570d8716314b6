"""The part of `raw_facts` that is about rows in other currencies: which amounts are converted, and in which relations.

A base of `RawFacts`, over that of lists.
"""

from __future__ import annotations

from abc import abstractmethod

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.levels import column
from engine.vocabulary.conversion import out_of_range
from engine.vocabulary.vocabulary import Kind
from files.batch.cell_words import CellWords
from files.batch.raw_columns import CheckedFact, RawTarget
from files.batch.raw_lists import RawLists
from files.batch.row_rates import RATE_CURRENCY

Relations = list[tuple[str, exp.Select]]
"""Sub-selects by their names, each over the one before it."""


class RawAmounts(RawLists):
    """What turns the amounts of each row into the policies' currency."""

    def __init__(self) -> None:
        self._read_in_others: dict[str, dict[int, CheckedFact]] = {}

    @abstractmethod
    def _read_alone(self, target: RawTarget) -> CheckedFact:
        """One fact over the relation `cells`, in whatever currency it is."""

    @abstractmethod
    def _words(self, target: RawTarget) -> CellWords:
        """What is said of the cells of a fact."""

    def _reading(self, target: RawTarget) -> CheckedFact:
        own = self._read_alone(target)
        if self.row_rates is None or not self._is_converted(target):
            return own
        words = self._words(target).of_fault(out_of_range(target.type, target.name))
        product = column(self._product(target))
        return self.row_rates.converted(target.type, own, self._foreign(target), product, words)

    def _rate_kept(self) -> list[Expr]:
        """The column that stays beside the facts where rows are converted."""
        return [column(RATE_CURRENCY)] if self.row_rates else []

    def _is_converted(self, target: RawTarget) -> bool:
        return target.type.kind is Kind.MONEY and target.name in self._sources

    def _foreign(self, target: RawTarget) -> dict[int, CheckedFact]:
        """An amount as it is read in other currencies, by their decimals."""
        if target.name not in self._read_in_others:
            others = self.row_rates.targets(target) if self.row_rates else {}
            self._read_in_others[target.name] = {digits: self._read_alone(other) for digits, other in others.items()}
        return self._read_in_others[target.name]

    def _product(self, target: RawTarget) -> str:
        """The column of an amount times its rate."""
        return f"credence_product_{list(self._targets).index(target.name)}"

    def _with_amounts(self, cells: exp.Select) -> Relations:
        """The relation `cells`, and over it, where rows are converted, `amounts`."""
        relations = [("cells", cells)]
        if self.row_rates is not None:
            products = [
                exp.alias_(self.row_rates.product(self._foreign(target)), self._product(target), copy=False)
                for _, target in self._targets.values()
                if self._is_converted(target)
            ]
            amounts = exp.select(exp.Star(), *products, copy=False).from_("cells", copy=False)
            relations.append(("amounts", amounts))
        return relations
