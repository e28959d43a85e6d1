"""The lease loop: takes due work from PostgreSQL, talks to clouds, loads rows."""
