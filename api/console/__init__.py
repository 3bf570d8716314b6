"""The console: pages for whoever decides, collects, audits or sells, and never types a command.

Pages are made by the service and need no script: links to look, forms to act. What stands on a page comes from the
same operations that programs ask for, asked for in the name of whoever looks; so a page shows nothing, and does
nothing, that its reader couldn't have by `/v1` (`inner_requests`), and its row in the access table is that operation's.

    a request      admission finds out who asks: by a session (`sessions`) or a header
    a page         asks operations (`inner_requests`), makes plain values of what they answer, gives them to a template
    frame          language, navigation by role, headers, the session's cookie (`frame`)
    a form         its token is checked (`posted_forms`), then it is one request to one operation
    an error       the same problems as everywhere, in words (`error_pages`)

`console_routes` puts it together. Texts of the pages, in English and Chinese, stand in words.yaml (`console_words`).
"""
