"""A batch on a Spark cluster: from the cluster's storage to the cluster's storage, in folders.

    frames    a frame of raw columns → frames of decisions and of rejects, by the same SQL form as on DuckDB
    cluster   what `credence batch --engine spark` runs: opens the session, reads, writes, counts, clears away

Only expressions go to the executors; no Python runs there, so they need nothing of ours installed. `frames` can be used
alone, in a notebook on a cluster. Start with `frames.decide_frame`.
"""
