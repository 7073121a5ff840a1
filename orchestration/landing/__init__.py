"""From files of event lines to lake batches: every line one row with one verdict."""
