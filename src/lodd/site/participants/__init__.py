"""Reading about those who are drawn: who may see whom, lists, what waits to be done, and a person's time line.

Nothing here writes; see :mod:`lodd.site.actions.follow_up` and :mod:`lodd.site.actions.participants`.
"""
