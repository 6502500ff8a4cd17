"""The checks in words: what each is called, and one sentence that says what they found and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from lodd.evaluation.integrity.rows import FIXED, LEVEL
from lodd.locale import LANGUAGES, Language, Text, join_words, number, p_value, percent

CHECK_LABELS: Final[Mapping[str, Text]] = {
    "verification": Text(nb="kontroll av trekningsprotokollen", en="verification of the ledger"),
    "agreement": Text(nb="deltakerne mot trekningsprotokollen", en="participants against the ledger"),
    "count_total": Text(nb="antall trukket", en="number drawn"),
    "count_strata": Text(nb="antall etter stratum", en="numbers by stratum"),
    "count_windows": Text(nb="antall i stadig ti trekninger", en="numbers in every ten draws"),
    "runs": Text(nb="serier av like utfall", en="runs of equal outcomes"),
    "serial": Text(nb="sammenheng med forrige trekning", en="dependence on the draw before"),
    "serial_office": Text(nb="sammenheng med kontorets forrige trekning", en="dependence on the office's draw before"),
    "drift": Text(nb="skjevhet over tid", en="drift over time"),
    "covariates_joint": Text(nb="alt som var kjent før trekningen", en="all that was known before the draw"),
    "covariates_largest": Text(nb="største enkeltforskjell før trekningen", en="largest single difference before it"),
    "office_counts": Text(nb="antall ved hvert kontor", en="numbers at each office"),
    "office_serial": Text(nb="rekkefølgen ved hvert kontor", en="order at each office"),
    "office_covariates": Text(nb="hvem som ble trukket ved hvert kontor", en="who was drawn at each office"),
    "caller_counts": Text(nb="antall for hver som ba om trekning", en="numbers for each caller"),
    "caller_serial": Text(nb="rekkefølgen for hver som ba om trekning", en="order for each caller"),
    "repeated": Text(nb="gjentatte forespørsler etter gruppe", en="repeated requests by arm"),
    "repeated_caller": Text(nb="hvem som spurte på nytt", en="who asked again"),
    "withdrawn": Text(nb="hvem som trakk seg, etter gruppe", en="withdrawals by arm"),
    "error_noted": Text(nb="noterte feil etter gruppe", en="errors noted by arm"),
    "missing": Text(nb="trukne som mangler blant deltakerne", en="people drawn who are not among the participants"),
    "referral": Text(nb="tid fra trekning til innsøking", en="time from draw to referral"),
    "start": Text(nb="tid fra trekning til start", en="time from draw to start"),
}


def integrity_conclusion(table: pl.DataFrame) -> Text:
    """One sentence from the table ``integrity``: how many tests, what they found, and what is not known."""
    return Text(**{language: _sentence(table.to_dicts(), language) for language in LANGUAGES})


Rows = Sequence[Mapping[str, Any]]


def _sentence(rows: Rows, language: Language) -> str:
    parts = [_draw(rows, language), _ledger(rows, language), _after(rows, language), _unknown(rows, language)]
    said = "; ".join(part for part in parts if part)
    return said[0].upper() + said[1:] + "."


def _draw(rows: Rows, language: Language) -> str:
    tests = [row for row in rows if row["about"] == "draw" and row["p_value"] is not None]
    if not tests:
        return _in(language, nb="trekningen kunne ikke prøves", en="the draw could not be tested")
    if found := [row for row in tests if row["verdict"] == "alarm"]:
        return _departs(found, len(tests), language)
    if small := [row for row in tests if row["verdict"] == "look"]:
        return _small(small, len(tests), language)
    smallest, count = p_value(min(float(row["p_value"]) for row in tests), language), number(len(tests), language)
    return _in(
        language,
        nb=f"ingen av {count} prøver av trekningen finner tegn til at loddene er styrt (minste p-verdi {smallest})",
        en=f"of {count} tests of the draw not one finds a sign that lots were steered (smallest p-value {smallest})",
    )


def _departs(found: Rows, tests: int, language: Language) -> str:
    names, verb = _names(found, language), "finds" if len(found) == 1 else "find"
    return _in(
        language,
        nb=f"{len(found)} av {tests} prøver av trekningen avviker mer enn loddene alene ville gitt ({names}), også når "
        "det tas hensyn til at prøvene er mange: det må undersøkes, for prøvene sier ikke hvorfor",
        en=f"{len(found)} of {tests} tests of the draw {verb} more than lots alone would give ({names}), also when "
        "their number is allowed for: this must be looked into, for the tests do not say why",
    )


def _small(small: Rows, tests: int, language: Language) -> str:
    names, verb = _names(small, language), "has" if len(small) == 1 else "have"
    limit, expected = percent(LEVEL, language), number(LEVEL * tests, language, 1)
    return _in(
        language,
        nb=f"{len(small)} av {tests} prøver av trekningen har p-verdi under {limit} ({names}), mot {expected} ventet "
        "ved tilfeldigheter, og ingen når det tas hensyn til at prøvene er mange",
        en=f"{len(small)} of {tests} tests of the draw {verb} a p-value below {limit} ({names}), against {expected} "
        "expected by chance, and none when their number is allowed for",
    )


def _ledger(rows: Rows, language: Language) -> str:
    found = {row["check"]: row for row in rows if row["about"] == "ledger"}
    verification, agreement = found.get("verification"), found.get("agreement")
    said = []
    if verification is not None and verification["verdict"] != "not_known":
        said.append(_verified(verification, language))
    if agreement is not None and agreement["verdict"] == "alarm":
        said.append(
            _in(
                language,
                nb="deltakerne er ikke de i trekningsprotokollen",
                en="the participants are not those of the ledger",
            )
        )
    return "; ".join(said)


def _verified(row: Mapping[str, Any], language: Language) -> str:
    recomputed, wrong = number(row["n"], language), number(row["statistic"], language)
    if row["verdict"] == "alarm":
        return _in(
            language,
            nb=f"kontrollen av trekningsprotokollen har funn (antall: {wrong})",
            en=f"verifying the ledger gave findings (number: {wrong})",
        )
    return _in(
        language,
        nb=f"{recomputed} lodd er regnet ut på nytt fra trekningsprotokollen uten avvik",
        en=f"{recomputed} lots were recomputed from the ledger without a deviation",
    )


def _after(rows: Rows, language: Language) -> str:
    if found := [
        row for row in rows if row["about"] == "after" and row["p_adjusted"] is not None and row["p_adjusted"] < LEVEL
    ]:
        names = _names(found, language)
        return _in(
            language,
            nb=f"etter trekningen skiller gruppene seg mer enn ved tilfeldigheter ({names})",
            en=f"after the draw the arms differ by more than chance ({names})",
        )
    return ""


def _unknown(rows: Rows, language: Language) -> str:
    unknown = [row for row in rows if row["verdict"] == "not_known" and row["detail"] != FIXED]
    names = list(dict.fromkeys(row["check"] for row in unknown))
    if not names:
        return ""
    shown = join_words([CHECK_LABELS[name][language] for name in names], language)
    return _in(language, nb=f"ikke kjent: {shown}", en=f"not known: {shown}")


def _names(rows: Rows, language: Language) -> str:
    return ", ".join(dict.fromkeys(CHECK_LABELS[row["check"]][language] for row in rows))


def _in(language: Language, *, nb: str, en: str) -> str:
    return nb if language == "nb" else en
