"""Parts of a report: each takes a released result and shows it, or says why it is left out."""
