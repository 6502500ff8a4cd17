"""Drawings as SVG text: pure functions from numbers and words to a :class:`lodd.report.model.Drawing`.

Text stays text (selectable, in the reader's own fonts) and colours are classes, so that one drawing follows the page
into dark mode and onto paper. The same numbers give the same bytes.
"""
