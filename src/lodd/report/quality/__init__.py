"""The page on the registers' quality: what `lodd check --registers` found, for the trial's own staff.

``said.py`` has each finding in words, ``register.py`` the section on one register, ``figures.py`` its pictures;
``page.py`` puts them together as a :class:`lodd.report.model.Report`, and ``write.py`` writes the files.
"""

from lodd.report.quality.as_json import quality_as_json
from lodd.report.quality.said import Said, said
from lodd.report.quality.write import write_quality_pages

__all__ = ["Said", "quality_as_json", "said", "write_quality_pages"]
