"""The site's forms: what is asked, what may be answered, and what to say when it cannot be."""
