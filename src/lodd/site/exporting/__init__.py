"""What leaves the site: the ledger as its file, the people drawn by pseudonym, and their programmes as a register.

Nothing here writes to the database; :mod:`lodd.site.actions.exports` does, and notes who took what out.
"""
