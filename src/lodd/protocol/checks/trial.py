"""Checks of arms, enrolment, sites and the draw's schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.draw import ScheduleRow
from lodd.protocol.model import PlannedDraws, Programme, Trial
from lodd.protocol.schedule import probability_vector, row_end, rows_of_office

_ARM = Text(nb="gruppe", en="arm")
_SITE = Text(nb="stedet", en="site")
_OFFICE = Text(nb="kontoret", en="office")


def check_arms(trial: Trial) -> Iterator[Finding]:
    """Arms are distinct, each is described, and no code counts for two arms at the same time."""
    for arm, times in Counter(trial.arm_ids).items():
        if times > 1:
            yield Finding(
                ("trial", "arms"), Text(nb=f"«{arm}» er oppgitt {times} ganger", en=f'"{arm}" stands {times} times')
            )
        if arm not in trial.arms:
            found = Text(nb=f"gruppen «{arm}» er ikke beskrevet", en=f'arm "{arm}" is not described')
            todo = Text(nb=f"Legg til en tabell [arms.{arm}] med label.", en=f"Add a table [arms.{arm}] with a label.")
            yield Finding(("trial", "arms"), found, None, todo)
    for arm in trial.arms:
        if arm not in trial.arm_ids:
            yield unknown(("arms", arm), _ARM, arm, trial.arm_ids)
    yield from _programmes(trial)


def _programmes(trial: Trial) -> Iterator[Finding]:
    codes = [(arm, i, p) for arm, value in trial.arms.items() for i, p in enumerate(value.programmes)]
    if codes and trial.participation is None:
        found = Text(
            nb="gruppene har tiltakskoder, men ingen [participation] sier hvilket register de står i",
            en="arms have programme codes, but no [participation] says which register holds them",
        )
        yield Finding(("arms", codes[0][0], "programmes"), found)
    for position, (arm, index, programme) in enumerate(codes):
        path = ("arms", arm, "programmes", index)
        if programme.since and programme.until and programme.until < programme.since:
            yield _until_before_from(path)
        for other_arm, _, other in codes[:position]:
            if other_arm != arm and other.code == programme.code and _together(programme, other):
                found = Text(
                    nb=f"koden «{programme.code}» teller også for «{other_arm}» på samme tid",
                    en=f'code "{programme.code}" also counts for "{other_arm}" at the same time',
                )
                yield Finding(
                    (*path, "code"), found, Text(nb="én gruppe per kode og dag", en="one arm per code and day")
                )


def _together(a: Programme | PlannedDraws, b: Programme | PlannedDraws) -> bool:
    return (a.since or date.min) <= (b.until or date.max) and (b.since or date.min) <= (a.until or date.max)


def _until_before_from(path: Path) -> Finding:
    return Finding((*path, "until"), Text(nb="«until» er før «from»", en='"until" is before "from"'))


def check_enrolment(trial: Trial) -> Iterator[Finding]:
    """Enrolment opens before it closes; offices have names of their own."""
    if trial.enrolment.closes < trial.enrolment.opens:
        yield Finding(("enrolment", "closes"), Text(nb="stenger før det åpner", en="closes before it opens"))
    seen: dict[str, str] = {}
    for site_id, site in trial.sites.items():
        for index, office in enumerate(site.offices):
            if office.id in seen:
                found = Text(
                    nb=f"kontoret «{office.id}» står også under «{seen[office.id]}»",
                    en=f'office "{office.id}" also stands under "{seen[office.id]}"',
                )
                yield Finding(("sites", site_id, "offices", index), found)
            seen.setdefault(office.id, site_id)
    for index, row in enumerate(trial.enrolment.plan):
        yield from _planned(trial, index, row)


def _planned(trial: Trial, index: int, row: PlannedDraws) -> Iterator[Finding]:
    """A row of the plan is for a site that there is, and no day of a site is planned twice."""
    path = ("enrolment", "plan", index)
    if row.site not in trial.sites:
        yield unknown((*path, "site"), _SITE, row.site, trial.sites)
    if row.since and row.until and row.until < row.since:
        yield _until_before_from(path)
    for other in trial.enrolment.plan[:index]:
        if other.site == row.site and _together(other, row):
            found = Text(
                nb=f"en annen rad planlegger også for «{row.site}» på samme tid",
                en=f'another row also plans for "{row.site}" at the same time',
            )
            yield Finding(path, found, Text(nb="én rad per sted og dag", en="one row per site and day"))


def check_draw(trial: Trial) -> Iterator[Finding]:
    """What each method needs, and a schedule that covers every office on every day of enrolment exactly once."""
    draw = trial.draw
    if draw.method == "blocks" and not draw.block_sizes:
        yield _needs("block_sizes", "blocks")
    if draw.method == "minimisation" and not draw.factors:
        yield _needs("factors", "minimisation")
    rows_sound = True
    for index, row in enumerate(draw.schedule):
        for finding in _row(trial, index, row):
            rows_sound = False
            yield finding
    if rows_sound and (draw.schedule or draw.method not in {"external", "complete"}):
        yield from _coverage(trial)
    if rows_sound and draw.method == "blocks":
        yield from _whole_blocks(trial)
    if rows_sound and draw.method == "minimisation":
        yield from _weak_coin(trial)
        yield from _uneven_minimisation(trial)


def _needs(key: str, method: str) -> Finding:
    return Finding(("draw", "method"), Text(nb=f"«{method}» trenger «{key}»", en=f'"{method}" needs "{key}"'))


def _row(trial: Trial, index: int, row: ScheduleRow) -> Iterator[Finding]:
    path = ("draw", "schedule", index)
    if row.site not in trial.sites:
        yield unknown((*path, "site"), _SITE, row.site, trial.sites)
    elif row.office is not None and row.office not in {office.id for office in trial.sites[row.site].offices}:
        yield unknown((*path, "office"), _OFFICE, row.office, [o.id for o in trial.sites[row.site].offices])
    if row.until is not None and row.until < row.since:
        yield _until_before_from(path)
    yield from _row_probability(trial, (*path, "probability"), row)


def _row_probability(trial: Trial, path: Path, row: ScheduleRow) -> Iterator[Finding]:
    others = trial.arm_ids[1:]
    for arm in row.probability:
        if arm == trial.reference:
            found = Text(
                nb=f"«{arm}» er referansegruppen og får resten", en=f'"{arm}" is the reference and takes the remainder'
            )
            yield Finding((*path, arm), found, Text(nb=", ".join(others), en=", ".join(others)))
        elif arm not in others:
            yield unknown((*path, arm), _ARM, arm, others)
    for arm in others:
        if arm not in row.probability:
            yield Finding(path, Text(nb=f"mangler sannsynligheten for «{arm}»", en=f'no probability for "{arm}"'))
    if sum(row.probability.values(), Decimal(0)) >= 1:
        total = sum(row.probability.values(), Decimal(0))
        found = Text(nb=f"summen er {total}", en=f"the sum is {total}")
        allowed = Text(
            nb="under 1 til sammen, så referansegruppen får en del",
            en="below 1 together, so that the reference has a share",
        )
        yield Finding(path, found, allowed)


def _coverage(trial: Trial) -> Iterator[Finding]:
    """Gaps and overlaps, said once for offices that share their rows."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for office in trial.office_site:
        key = tuple(index for index, _ in rows_of_office(trial, office))
        groups.setdefault((*key, -1 - list(trial.sites).index(trial.office_site[office])), []).append(office)
    for offices in groups.values():
        yield from _office_coverage(trial, offices)


def _office_coverage(trial: Trial, offices: list[str]) -> Iterator[Finding]:
    rows = rows_of_office(trial, offices[0])
    where = ", ".join(offices)
    expected = trial.enrolment.opens
    for position, (index, row) in enumerate(rows):
        path = ("draw", "schedule", index, "from")
        if row.since > expected:
            yield _gap(path, where, expected, row.since - timedelta(days=1))
        elif position and row.since < expected:
            last = min(expected - timedelta(days=1), row_end(trial, rows, position))
            yield _overlap(path, where, row.since, last)
        expected = max(expected, row_end(trial, rows, position) + timedelta(days=1))
    if expected <= trial.enrolment.closes:
        end: Path = ("draw", "schedule", rows[-1][0]) if rows else ("draw", "schedule")
        yield _gap(end, where, expected, trial.enrolment.closes)


def _gap(path: Path, where: str, first: date, last: date) -> Finding:
    found = Text(
        nb=f"ingen sannsynlighet for {where} fra {first} til {last}",
        en=f"no probability for {where} from {first} to {last}",
    )
    return Finding(
        path,
        found,
        Text(nb="hver dag i trekningsperioden, for hvert kontor", en="every day of enrolment, for every office"),
        Text(nb="Legg til en rad, eller flytt «from» eller «until».", en='Add a row, or move a "from" or "until".'),
    )


def _overlap(path: Path, where: str, first: date, last: date) -> Finding:
    found = Text(
        nb=f"to rader gjelder for {where} fra {first} til {last}",
        en=f"two rows apply to {where} from {first} to {last}",
    )
    return Finding(path, found, Text(nb="én rad per kontor og dag", en="one row per office and day"))


def _whole_blocks(trial: Trial) -> Iterator[Finding]:
    for index, row in enumerate(trial.draw.schedule):
        for size in trial.draw.block_sizes:
            if any((p * size) % 1 for p in probability_vector(trial, row)):
                found = Text(
                    nb=f"en blokk på {size} kan ikke deles etter disse sannsynlighetene",
                    en=f"a block of {size} cannot be divided by these probabilities",
                )
                yield Finding(("draw", "schedule", index, "probability"), found)


def _weak_coin(trial: Trial) -> Iterator[Finding]:
    """The coin is what the least probable arm gets when it is preferred: no more than its own share prefers nobody."""
    coin = trial.draw.biased_coin
    least = max((min(probability_vector(trial, row)) for row in trial.draw.schedule), default=Decimal(0))
    if coin <= least:
        found = Text(
            nb=f"mynten på {coin} foretrekker ingen der den minste sannsynligheten er {least}",
            en=f"a coin of {coin} prefers nobody where the smallest probability is {least}",
        )
        allowed = Text(nb=f"over {least} og under 1", en=f"above {least} and below 1")
        yield Finding(("draw", "biased_coin"), found, allowed)


def _uneven_minimisation(trial: Trial) -> Iterator[Finding]:
    """Unequal probabilities hold over the trial but not person by person (Kuznetsova and Tymofyeyev 2012)."""
    for index, row in enumerate(trial.draw.schedule):
        if len(set(probability_vector(trial, row))) > 1:
            found = Text(
                nb="minimering holder ulike sannsynligheter i snitt, men ikke for hver enkelt: de første som trekkes, "
                "får nesten alltid den største gruppen",
                en="minimisation keeps unequal probabilities on average, not person by person: the first to be drawn "
                "nearly always get the largest arm",
            )
            todo = Text(
                nb="Bruk like sannsynligheter eller «blocks», eller la det stå: vektene regnes ut fra nye trekninger.",
                en='Use equal probabilities or "blocks", or leave it: weights are worked out from redraws.',
            )
            yield Finding(("draw", "schedule", index, "probability"), found, None, todo, warning=True)
            return
