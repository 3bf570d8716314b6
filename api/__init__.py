"""The edges: everything through which people and programs reach credence. Nothing imports this room.

    http/     the service: routes, the guarded edge in front of them, problem documents, metrics
    cli/      the command `credence`: one module a command
    starter/  what a new site starts from, written out by `credence init`

    webhooks/ events sent to other systems, signed, to addresses that may be asked (network_addresses)

    setting_origins         where each setting comes from, and variables that are none
    settings, host_names    what can be set from outside
    worker, worker_process  work on policies in a process of its own, with limits of time and memory
    policy_compiler         policy sets compiled there for the service
    policy_check            what is wrong with a policy set, worked out there for `POST /v1/policies/check`
    extension               the C extension of the rule matcher, looked at before anything imports it
    logs                    one JSON object a line

An edge translates: a request, a command or a setting into a call of the rooms below, and what comes back, errors
included, into an answer, an exit code or a line. What credit means is decided below.
"""
