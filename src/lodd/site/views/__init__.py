"""The site's pages, one small view each. A view reads and asks ``actions`` to write; it writes nothing itself."""
