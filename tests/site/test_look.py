"""The look: contrasts of the tokens, the parts as HTML, the catalogue, tables as values."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import product

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from lxml import html

from lodd.site.look import Cell, Column, Table
from tests.site.look_world import (
    CATALOGUE,
    DRAW_PAGE,
    RESULT_PAGE,
    SITE,
    TEMPLATES,
    draw_form,
    rendered,
    result,
    sample,
)

CSS = (SITE / "static" / "lodd" / "lodd.css").read_text()
ERROR_PAGES = ("403.html", "403_csrf.html", "404.html", "429.html", "500.html")
OWN = [TEMPLATES / name for name in ("base.html", *ERROR_PAGES)] + sorted((TEMPLATES / "parts").glob("*.html"))


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})", block))


LIGHT, DARK = (
    tokens(part) for part in CSS.split("/* Elements */")[0].split("@media screen and (prefers-color-scheme: dark)")
)


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


ON_PAPER = ("ink", "soft", "link", "link-hover", "danger", "success", "warning", "info", "action")
WORDS = [
    *product(ON_PAPER, ("paper", "wash")),
    *((kind, f"{kind}-wash") for kind in ("danger", "warning", "success", "info")),
    *product(("ink", "link", "link-hover"), ("danger-wash", "warning-wash", "success-wash", "info-wash")),
    *(("on-arm", f"arm-{i}") for i in range(5)),
    ("on-action", "action"), ("on-action", "action-hover"), ("on-danger", "danger"), ("on-danger", "danger-hover"),
    ("on-band", "band"), ("band-soft", "band"),
]  # fmt: skip
MARKS = [
    *product(("line-strong", "action", "danger", "warning-line"), ("paper",)),
    *((f"arm-{i}", "paper") for i in range(5)),
    ("lot", "band"),
]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(WORDS, 4.5), (MARKS, 3.0)], ids=["words", "marks"])
def test_contrast(scheme: dict[str, str], pairs: list[tuple[str, str]], least: float) -> None:
    too_weak = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(scheme[f"--{pair[0]}"], scheme[f"--{pair[1]}"])) < least
    }
    assert too_weak == {}


def test_the_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_dark_redefines_every_colour_that_light_has() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_the_style_names_no_other_file_and_uses_only_tokens_that_exist() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS
    assert set(re.findall(r"var\((--[\w-]+)\)", CSS)) <= set(re.findall(r"(--[\w-]+):", CSS))


def pages(language: str) -> dict[str, str]:
    return {
        "guide": rendered("styleguide.html", language, {"sample": sample(language)}),
        "result": rendered(RESULT_PAGE, language, result(language, 1)),
        "repeated": rendered(RESULT_PAGE, language, result(language, 0, repeated=True)),
        "draw": rendered(DRAW_PAGE, language, {"form": draw_form(language, data={}), "heading": "Trekk"}),
        **{name: rendered(name, language) for name in ERROR_PAGES},
    }


@pytest.fixture(scope="module", params=["nb", "en"])
def every_page(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    return request.param, pages(request.param)


def test_no_page_has_style_or_script_of_its_own(every_page: tuple[str, dict[str, str]]) -> None:
    for name, source in every_page[1].items():
        tree = html.fromstring(source)
        assert not tree.xpath("//style | //script[not(@src)] | //@style | //@onclick | //@onload | //@onsubmit"), name
        assert not [link for link in tree.xpath("//@src | //link/@href") if not link.startswith("/")], name


def test_every_id_is_used_once_and_everything_referred_to_is_there(every_page: tuple[str, dict[str, str]]) -> None:
    for name, source in every_page[1].items():
        tree = html.fromstring(source)
        ids = tree.xpath("//@id")
        assert sorted(ids) == sorted(set(ids)), name
        named = " ".join(tree.xpath("//@aria-describedby | //@aria-labelledby | //label/@for")).split()
        assert set(named) <= set(ids), name
        assert {target[1:] for target in tree.xpath("//a/@href[starts-with(., '#')]")} <= set(ids), name


def test_every_page_has_one_heading_one_main_and_its_language(every_page: tuple[str, dict[str, str]]) -> None:
    language, made = every_page
    for name, source in made.items():
        tree = html.fromstring(source)
        assert (len(tree.xpath("//h1")), len(tree.xpath("//main"))) == (1, 1), name
        assert tree.get("lang") == language, name
        assert tree.xpath("//div[@class='demo']"), name


def test_a_page_with_errors_says_so_first() -> None:
    tree = html.fromstring(pages("en")["draw"])
    assert tree.findtext(".//title").startswith("Error: ")
    links = tree.xpath("//div[@class='errors']//a")
    assert [link.text for link in links] == ["Enter the identity number", "Choose the office", "Tick the requirements"]
    for link in links:
        (field,) = tree.xpath(f"//*[@id='{link.get('href')[1:]}']")
        assert field.tag in ("input", "select")
    (number,) = tree.xpath("//input[@name='identity_number']")
    described = " ".join(
        tree.xpath(f"//*[@id='{part}']")[0].text_content() for part in number.get("aria-describedby").split()
    )
    assert "Enter the identity number" in described
    assert number.get("aria-invalid") == "true"


def test_the_result_says_the_arm_in_its_heading_and_each_arm_has_a_form_of_its_own() -> None:
    shapes = set()
    for arm in range(5):
        tree = html.fromstring(rendered(RESULT_PAGE, "nb", result("nb", arm)))
        assert tree.findtext(".//h1") == result("nb", arm)["arm_label"]
        shapes.add(html.tostring(tree.xpath("//div[@class='lot-stub']/svg/*")[0]))
    assert len(shapes) == 5


def test_a_repeated_request_is_told_from_a_new_draw() -> None:
    assert "Det er ikke trukket på nytt" in rendered(RESULT_PAGE, "nb", result("nb", 1, repeated=True))
    assert "på nytt" not in rendered(RESULT_PAGE, "nb", result("nb", 1))


def test_the_page_for_a_fault_needs_nothing() -> None:
    tree = html.fromstring(rendered("500.html", "nb", bare=True))
    assert tree.findtext(".//h1") == "Noe gikk galt"
    assert not tree.xpath("//form")


def test_the_index_of_second_factors_has_buttons_that_lead_somewhere() -> None:
    values = {"MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"], "authenticators": {}}
    tree = html.fromstring(rendered("mfa/index.html", "en", values))
    assert len(tree.xpath("//section/h2")) == 3
    assert len(tree.xpath("//section//a[contains(@class, 'button')]")) == 2


def test_words_from_people_are_escaped() -> None:
    values = {**result("nb", 1), "arm_label": "<b>SE</b>", "next_steps": ["<script>"]}
    source = rendered(RESULT_PAGE, "nb", values)
    assert "<b>SE" not in source
    assert "<script>" not in source


def test_the_pages_of_a_list_keep_its_filters() -> None:
    links = html.fromstring(pages("nb")["guide"]).xpath("//nav[@class='pages']/a/@href")
    assert links == ["?county=a&page=2", "?county=a&page=4"]


def words_of_the_templates() -> set[str]:
    said = set()
    for path in OWN:
        source = path.read_text()
        said |= {words for _, words in re.findall(r"""{% translate (["'])(.*?)\1""", source)}
        blocks = re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate", source)
        said |= {re.sub(r"{{ (\w+) }}", r"%(\1)s", words) for words in blocks}
    return said


def test_the_catalogue_has_exactly_the_words_of_the_templates_and_is_compiled() -> None:
    written = {message.id: message.string for message in read_po((CATALOGUE / "django.po").open("rb")) if message.id}
    compiled = read_mo(BytesIO((CATALOGUE / "django.mo").read_bytes()))
    assert written.keys() == words_of_the_templates()
    assert all(written.values())
    assert {message.id: message.string for message in compiled if message.id} == written


def test_a_table_sets_each_cell_beside_its_column() -> None:
    office, draws = Column("Office"), Column("Draws", amount=True)
    table = Table.of("Draws", ["Office", draws], [["A", Cell("1")], ["B", "2"]], noticed=[1], nothing="None")
    assert [row.cells for row in table.body] == [
        ((office, Cell("A")), (draws, Cell("1"))),
        ((office, Cell("B")), (draws, Cell("2"))),
    ]
    assert [row.noticed for row in table.body] == [False, True]
    assert table.nothing == ""
    assert Table.of("Draws", ["Office"], [], nothing="None").nothing == "None"


def test_a_row_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Table.of("Draws", ["Office", "Draws"], [["A"]])
