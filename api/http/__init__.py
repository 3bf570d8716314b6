"""The HTTP service: what stands in front of the app, the app, and its routes.

The way of a request, from the socket inwards:

    server            one process: uvicorn with the guard, and its orderly end
    guarded_protocol  one connection: bounds on heads, bodies, messages, waits; refuses before the app hears of it
    guard             what all connections share: how many, how many bytes, who has to go first
    request_head      what makes two readers of a head disagree, hosts which names the service answers to
    edge              the request's id, and the one place where an error becomes a problem document
    admission         who asks (authentication, bearer_tokens), how often (rate_limits), whether they may (access_table)
    retries           what bears an Idempotency-Key is done once, and answered again alike
    decisions         `POST /v1/decisions/{case}`: the hot path, ASGI itself
    policy_routes, access_routes, log_routes, webhook_routes, health, reference, pages
                      everything else, through FastAPI

Beside the way: caller (who it is, for all behind the door), signing_keys (of OIDC issuers), first_key; problems (the
one table from errors to statuses), answers, access_answers and log_answers (shapes for the OpenAPI document), openapi
(follows the vocabulary in force), parameters, body, request_models, identifiers, metrics. app puts the parts together.
"""
