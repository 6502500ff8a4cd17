"""The demo of ``lodd serve --demo``: an invented trial in test-number mode, people of every role, and what they did."""

from lodd.site.demo.folder import DEMO_FOLDER, make_or_continue

__all__ = ["DEMO_FOLDER", "make_or_continue"]
