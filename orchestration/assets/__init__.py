"""The Dagster assets and checks: each calls the function that the command line calls, and reports what it did."""
