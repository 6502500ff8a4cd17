"""The trial's site: the randomisation line, the follow-up of those drawn, the schedule, monitoring, accounts.

One installation runs one trial. The draw itself is :mod:`lodd.allocation`'s; this room keeps its ledger in a database
(:mod:`lodd.site.store`) and lets people reach it. Where to look: ``config`` is everything that an installation can set;
``permissions`` says who may do what, and ``policies`` what can be done in which state; every write is a function of
``actions``, which leaves an audit event in the same transaction; ``views`` are one page each, and ``urls`` lists them
with the task that each method asks for. ``installation`` holds the trial, the keys and the draw service of a process.
"""
