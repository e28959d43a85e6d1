"""PostgreSQL: tables, transactions, one module of queries a subject, migrations.

Nothing outside this package writes SQL. Functions take a `Connection` that is
inside the caller's transaction and never commit, unless they say otherwise.
"""
