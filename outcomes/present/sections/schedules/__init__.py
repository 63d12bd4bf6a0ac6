"""Parts of the report that compares maintenance schedules."""
