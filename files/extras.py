"""What the optional extras of the distribution hold, as commands that install it.

They name the libraries, not the extra: a name of ours that pip looks up on a package index is only ours there once a
release has been published under it. tests/system/test_names.py holds the lists against pyproject.toml.
"""

from __future__ import annotations

BULK = "pip install 'duckdb>=2.0' 'pyarrow>=20' 'sqlglot>=30'"
SPARK = "pip install 'pyspark>=4.0'"
POSTGRES = "pip install 'psycopg[binary]>=3.2'"
