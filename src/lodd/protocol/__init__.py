"""The trial as a value: `trial.toml` read, checked, locked, and the frozen values that rooms exchange."""
