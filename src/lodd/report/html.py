"""From a report to one HTML file that needs nothing else: no network, no fonts, no scripts to be read."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from lodd.report.model import Drawing, Report

_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def render_html(report: Report) -> str:
    """The page, the same bytes for the same report."""
    return _template().render(
        report=report, style=Markup(style("report.css")), figure_style=Markup(style("figure.css"))
    )


def inline_svg(drawing: Drawing, id_: str, title: str, description: str, css: str = "") -> Markup:
    """A drawing in the page: scalable, and named for those who cannot see it."""
    named = f'aria-labelledby="{id_}-title' + (f' {id_}-desc"' if description else '"')
    box = f'viewBox="0 0 {drawing.width} {drawing.height}" width="{drawing.width}"'
    head = f'<svg class="{f"drawing {css}".strip()}" {box} role="img" {named}>'
    said = f'<title id="{id_}-title">{escape(title)}</title>'
    said += f'<desc id="{id_}-desc">{escape(description)}</desc>' if description else ""
    return Markup(f"{head}{said}{drawing.body}</svg>")


def standalone_svg(drawing: Drawing, title: str, description: str) -> str:
    """A drawing as a file of its own, with its colours and a white ground."""
    pad = 12
    box = f"{-pad} {-pad} {drawing.width + 2 * pad} {drawing.height + 2 * pad}"
    ground = f'<rect x="{-pad}" y="{-pad}" width="100%" height="100%" fill="#fff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{drawing.width + 2 * pad}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc><style>{_resolved()}</style>"
        f"{ground}{drawing.body}</svg>\n"
    )


@cache
def style(name: str) -> str:
    """A stylesheet without its comments and indentation."""
    text = (resources.files("lodd.report") / "templates" / name).read_text("utf-8")
    lines = (line.strip() for line in _STYLE_COMMENT.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


@cache
def _resolved() -> str:
    """The figures' style with the light colours written out: drawing programs do not know variables."""
    light = style("report.css").split("}", 1)[0]
    colours = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colours[found[1]], style("figure.css")).replace(".drawing ", "")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("lodd.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["inline_svg"] = inline_svg
    return environment.get_template("report.html")
