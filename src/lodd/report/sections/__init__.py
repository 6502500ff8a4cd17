"""The report's sections, one module each: from a context to a :class:`lodd.report.model.Section`."""
