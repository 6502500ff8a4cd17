"""Every write of the site. Each action leaves at least one audit event, in the same transaction as what it wrote.

Nothing else writes: the database connection refuses to change the site's tables outside an action (see ``base``).
"""
