"""Built-ins on lists (DMN 1.5, table 73)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key, reduce
from typing import cast

from engine.feel.runtime.operators import arithmetic
from engine.feel.runtime.signatures import Unfit, built_in
from engine.feel.runtime.values import NUMBERS, Function, both, either, equal, less


def same(left: object, right: object) -> bool:
    """Whether two values are equal for certain; null counts as no."""
    return equal(left, right) is True


def _flat(arguments: tuple[object, ...]) -> list[object]:
    """`f(list)` or `f(a, b, …)`."""
    if len(arguments) == 1 and isinstance(arguments[0], list):
        return arguments[0]
    if not arguments:
        raise Unfit
    return list(arguments)


def _numbers(arguments: tuple[object, ...]) -> list[Decimal]:
    """Arguments that are all numbers, or `Unfit`."""
    items = _flat(arguments)
    if not all(isinstance(item, Decimal) for item in items):
        raise Unfit
    return cast(list[Decimal], items)


def _variadic(name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Both forms of a function that takes a list or its items: the list can be named."""

    def register(run: Callable[..., object]) -> Callable[..., object]:
        built_in(name, "list: list")(run)
        built_in(name, "*c: any")(run)
        return run

    return register


@built_in("list contains", "list: list", "element: any")
def _list_contains(items: list[object], element: object) -> object:
    """`list contains([1, null], null)` is `true`."""
    return any(same(item, element) for item in items)


@built_in("count", "list: list")
def _count(items: list[object]) -> object:
    """`count([1, 2, null])` is `3`."""
    return Decimal(len(items))


@_variadic("min")
def _min(*arguments: object) -> object:
    """Of anything that has an order.

    `min(3, 1, 2)` is `1`.
    `min([])` is `null`.
    `min("b", "a")` is `"a"`.
    """
    return _extreme(_flat(arguments), lambda a, b: less(a, b))


@_variadic("max")
def _max(*arguments: object) -> object:
    """Of anything that has an order.

    `max([@"P1D", @"PT36H"])` is `@"PT36H"`.
    `max(1, "a")` is `null`.
    """
    return _extreme(_flat(arguments), lambda a, b: less(b, a))


def _extreme(items: list[object], better: Callable[[object, object], bool | None]) -> object:
    """The item that is `better` than all others; null if two can't be compared."""
    if not items:
        return None
    best = items[0]
    if better(best, best) is None:
        return None
    for item in items[1:]:
        answer = better(item, best)
        if answer is None:
            return None
        best = item if answer else best
    return best


@_variadic("sum")
def _sum(*arguments: object) -> object:
    """Of numbers or durations; null for none and for texts.

    `sum(1, 2, 3)` is `6`.
    `sum([])` is `null`.
    """
    items = _flat(arguments)
    if not items or isinstance(items[0], str):
        return None
    return reduce(lambda total, item: arithmetic("+", total, item), items)


@_variadic("mean")
def _mean(*arguments: object) -> object:
    """`mean(1, 2, 6)` is `3`."""
    total = _sum(*arguments)
    return arithmetic("/", total, Decimal(len(_flat(arguments))))


@_variadic("product")
def _product(*arguments: object) -> object:
    """`product(2, 3, 4)` is `24`.
    `product([])` is `null`.
    """
    numbers = _numbers(arguments)
    return reduce(NUMBERS.multiply, numbers) if numbers else None


@_variadic("median")
def _median(*arguments: object) -> object:
    """The middle one, or halfway between the middle two.

    `median(8, 2, 5)` is `5`.
    `median(1, 2, 3, 4)` is `2.5`.
    """
    numbers = sorted(_numbers(arguments))
    if not numbers:
        return None
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return NUMBERS.divide(NUMBERS.add(numbers[middle - 1], numbers[middle]), Decimal(2))


@_variadic("stddev")
def _stddev(*arguments: object) -> object:
    """Of a sample; null for fewer than two numbers.

    `stddev(47)` is `null`.
    `stddev(1, 2, 3)` is `1`.
    """
    numbers = _numbers(arguments)
    if len(numbers) < 2:
        return None
    mean = NUMBERS.divide(reduce(NUMBERS.add, numbers), Decimal(len(numbers)))
    squares = [NUMBERS.power(NUMBERS.subtract(number, mean), Decimal(2)) for number in numbers]
    return NUMBERS.sqrt(NUMBERS.divide(reduce(NUMBERS.add, squares), Decimal(len(numbers) - 1)))


@_variadic("mode")
def _mode(*arguments: object) -> object:
    """The most frequent numbers, ascending.

    `mode(6, 3, 9, 6, 6)` is `[6]`.
    `mode(6, 1, 9, 6, 1)` is `[1, 6]`.
    """
    numbers = _numbers(arguments)
    counts: dict[Decimal, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(number for number, times in counts.items() if times == most)


def _reduced(
    join: Callable[[object, object], bool | None], arguments: tuple[object, ...], *, start: bool
) -> bool | None:
    answer: bool | None = start
    for item in _flat(arguments):
        answer = join(answer, item)
    return answer


@_variadic("all")
def _all(*arguments: object) -> object:
    """False if one is false, else null if one is no boolean.

    `all(true, null, false)` is `false`.
    `all([])` is `true`.
    """
    return _reduced(both, arguments, start=True)


@_variadic("any")
def _any(*arguments: object) -> object:
    """True if one is true, else null if one is no boolean.

    `any(false, null, true)` is `true`.
    `any(false, null)` is `null`.
    """
    return _reduced(either, arguments, start=False)


@built_in("sublist", "list: list", "start position: number", "length?: number")
def _sublist(items: list[object], start_position: Decimal, length: Decimal | None) -> object:
    """`sublist([4, 5, 6], 1, 2)` is `[4, 5]`.
    `sublist([4, 5, 6], -2)` is `[5, 6]`.
    """
    position = int(start_position)
    if position == 0 or abs(position) > len(items):
        return None
    start = position - 1 if position > 0 else len(items) + position
    if length is None:
        return items[start:]
    if length < 1 or start + int(length) > len(items):
        return None
    return items[start : start + int(length)]


@built_in("append", "list: list", "*item: any")
def _append(items: list[object], *more: object) -> object:
    """`append([1], 2, [3])` is `[1, 2, [3]]`."""
    return [*items, *more]


@built_in("concatenate", "*list: list")
def _concatenate(*lists: list[object]) -> object:
    """`concatenate([1, 2], [3])` is `[1, 2, 3]`."""
    return [item for items in lists for item in items]


@built_in("insert before", "list: list", "position: number", "newItem: any")
def _insert_before(items: list[object], position: Decimal, new: object) -> object:
    """`insert before([1, 3], 1, 2)` is `[2, 1, 3]`."""
    index = _index(items, position)
    return [*items[:index], new, *items[index:]]


@built_in("remove", "list: list", "position: number")
def _remove(items: list[object], position: Decimal) -> object:
    """`remove([1, 2, 3], 2)` is `[1, 3]`.
    `remove([1], 2)` is `null`.
    """
    index = _index(items, position)
    return [*items[:index], *items[index + 1 :]]


@built_in("list replace", "list: list", "position: number", "newItem: any")
def _list_replace(items: list[object], position: Decimal, new: object) -> object:
    """`list replace([1, 2, 3], -1, 9)` is `[1, 2, 9]`."""
    index = _index(items, position)
    return [*items[:index], new, *items[index + 1 :]]


@built_in("list replace", "list: list", "match: function", "newItem: any")
def _list_replace_matching(items: list[object], match: Function, new: object) -> object:
    """Replaces where the function of the item and the new one is true.

    `list replace([2, 4, 7], function(item, new) item < new, 5)` is `[5, 5, 7]`.
    """
    answers = [match.call(item, new) for item in items]
    if not all(isinstance(answer, bool) for answer in answers):
        return None
    return [new if answer else item for item, answer in zip(items, answers, strict=True)]


def _index(items: list[object], position: Decimal) -> int:
    """The Python index of a FEEL position, which counts from 1, or from the end with -1. Raises `Unfit`."""
    if position == 0 or abs(position) > len(items) or position != position.to_integral_value():
        raise Unfit
    return int(position) - 1 if position > 0 else len(items) + int(position)


@built_in("reverse", "list: list")
def _reverse(items: list[object]) -> object:
    """`reverse([1, 2, 3])` is `[3, 2, 1]`."""
    return items[::-1]


@built_in("index of", "list: list", "match: any")
def _index_of(items: list[object], match: object) -> object:
    """All places, counted from 1.

    `index of([1, 2, 3, 2], 2)` is `[2, 4]`.
    """
    return [Decimal(position) for position, item in enumerate(items, 1) if same(item, match)]


@built_in("union", "*list: list")
def _union(*lists: list[object]) -> object:
    """Concatenated, without duplicates.

    `union([1, 2], [2, 3])` is `[1, 2, 3]`.
    """
    return _distinct([item for items in lists for item in items])


@built_in("distinct values", "list: list")
def _distinct_values(items: list[object]) -> object:
    """`distinct values([1, 2, 3, 2, 1])` is `[1, 2, 3]`."""
    return _distinct(items)


def _distinct(items: list[object]) -> list[object]:
    kept: list[object] = []
    seen: set[object] = set()
    for item in items:
        if isinstance(item, Decimal | str):
            if item not in seen:
                seen.add(item)
                kept.append(item)
        elif not any(same(item, other) for other in kept):
            kept.append(item)
    return kept


@built_in("duplicate values", "list: list")
def _duplicate_values(items: list[object]) -> object:
    """`duplicate values([1, 2, 3, 2, 1])` is `[1, 2]`."""
    return [item for item in _distinct(items) if sum(same(item, other) for other in items) > 1]


@built_in("flatten", "list: list")
def _flatten(items: list[object]) -> object:
    """Lists in lists as one, without recursion: nesting may be deep.

    `flatten([[1, [[2]]], 3])` is `[1, 2, 3]`.
    """
    flat: list[object] = []
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list):
                stack.append(iter(item))
                break
            flat.append(item)
        else:
            stack.pop()
    return flat


@built_in("sort", "list: list", "precedes?: function")
def _sort(items: list[object], precedes: Function | None) -> object:
    """By a function that says whether its first argument comes before its second, else ascending.

    `sort([3, 1, 2], function(x, y) x > y)` is `[3, 2, 1]`.
    `sort([3, 1, 2])` is `[1, 2, 3]`.
    """

    def before(left: object, right: object) -> bool:
        answer = less(left, right) if precedes is None else precedes.call(left, right)
        if not isinstance(answer, bool):
            raise Unfit
        return answer

    return sorted(items, key=cmp_to_key(lambda a, b: -1 if before(a, b) else 1 if before(b, a) else 0))
