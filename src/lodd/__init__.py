"""Lodd runs a register-based randomised trial of a welfare programme, from the draw to the verdict."""

__version__ = "0.1.0"
