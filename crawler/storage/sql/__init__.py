"""Statements live in .sql files: `queries/*.sql` by name, `schema/*.sql` by number."""
