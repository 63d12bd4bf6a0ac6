"""What is timed, against whom. `make bench` runs all of it and writes docs/benchmarks.md."""
