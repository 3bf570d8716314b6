"""What authors did wrong, as data, and the wording of messages and hints. Imports nothing else of the engine.

Everything that reads or checks an author's text returns `Diagnostic`s instead of raising, so that an author sees all
mistakes at once, sorted by place:

    rules/orders.yaml:12:9: N001 unknown name `limit_with_tolerence` (did you mean `limit_with_tolerance`?)

    Place        where: file, line and column
    ErrorCode    which kind of mistake, with its meaning; docs/diagnostics.md explains each code
    Diagnostic   one mistake: place, code, message, hint

    wording      how messages quote words and list what is possible
    nearest      the known word that a misspelt one was probably meant to be, within a bound of time

How a message is written: lower case, no final period, the author's own text in backticks; what to write instead stands
in the hint. Start with `diagnostic`.
"""
