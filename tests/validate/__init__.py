"""Long simulations against known truth. `make validate` runs them and writes docs/validation.md."""
