"""What can be wrong with a request, a batch, a schedule or a method, said so that it can be mended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lodd.errors import Problem
from lodd.locale import Text
from lodd.protocol.model import Enrolment
from lodd.protocol.schedule import Period


def unknown_office(office: str) -> Problem:
    return Problem(
        Text(nb=f"kontoret «{office}» finnes ikke i protokollen", en=f'the office "{office}" is not in the protocol'),
        next_step=Text(
            nb="Kontroller kontorets id, eller legg kontoret til under sites.",
            en="Check the office's id, or add the office under sites.",
        ),
    )


def outside_enrolment(day: date, enrolment: Enrolment) -> Problem:
    return Problem(
        Text(nb=f"{day.isoformat()} er utenfor trekningsperioden", en=f"{day.isoformat()} is outside enrolment"),
        allowed=Text(
            nb=f"{enrolment.opens.isoformat()} til {enrolment.closes.isoformat()}",
            en=f"{enrolment.opens.isoformat()} to {enrolment.closes.isoformat()}",
        ),
    )


def outside_schedule(office: str, day: date) -> Problem:
    return Problem(
        Text(
            nb=f"{office} har ingen sannsynlighet {day.isoformat()}",
            en=f"{office} has no probability on {day.isoformat()}",
        ),
        allowed=Text(
            nb="dager innenfor kontorets rader i draw.schedule", en="days within the office's rows in draw.schedule"
        ),
    )


def missing_factor(factor: str) -> Problem:
    return Problem(
        Text(nb=f"verdien av «{factor}» mangler", en=f'the value of "{factor}" is missing'),
        "factors",
        next_step=Text(
            nb="Oppgi den før det trekkes; loddet avhenger av den.",
            en="Give it before the draw; the lot depends on it.",
        ),
    )


def no_batch(batch: str | None) -> Problem:
    if batch is None:
        found = Text(
            nb="det er ikke sagt hvilken gruppe personen er i", en="it is not said which batch the person is in"
        )
    else:
        found = Text(nb=f"gruppen «{batch}» er ikke meldt inn", en=f'the batch "{batch}" has not been nominated')
    return Problem(found, next_step=Text(nb="Meld inn gruppen først.", en="Nominate the batch first."))


def batch_without_beacon(batch: str) -> Problem:
    return Problem(
        Text(
            nb=f"gruppen «{batch}» venter på sitt offentlige tilfeldige tall",
            en=f'the batch "{batch}" awaits its public random value',
        ),
        next_step=Text(nb="Registrer tallet når det er kunngjort.", en="Record the value when it is published."),
    )


def not_in_batch(batch: str) -> Problem:
    return Problem(
        Text(nb=f"personen er ikke meldt inn i gruppen «{batch}»", en=f'the person is not in the batch "{batch}"'),
        next_step=Text(
            nb="En gruppe endres ikke etter at den er meldt inn; ta personen med i en senere gruppe.",
            en="A batch is not changed after its nomination; take the person into a later one.",
        ),
    )


def batch_again(batch: str) -> Problem:
    return Problem(
        Text(nb=f"gruppen «{batch}» er alt meldt inn", en=f'the batch "{batch}" has been nominated already'),
        allowed=Text(nb="et nytt navn for hver gruppe", en="a new name for every batch"),
    )


def batch_drawn(batch: str) -> Problem:
    return Problem(Text(nb=f"gruppen «{batch}» er alt trukket", en=f'the batch "{batch}" has been drawn already'))


def member_twice(batch: str) -> Problem:
    return Problem(
        Text(
            nb=f"samme person er meldt inn to ganger i gruppen «{batch}»",
            en=f'a person is in the batch "{batch}" twice',
        ),
        allowed=Text(nb="hver person én gang", en="every person once"),
    )


def wrong_counts(batch: str, counts: Sequence[int], people: int) -> Problem:
    given = ", ".join(map(str, counts)) or "–"
    return Problem(
        Text(
            nb=f"gruppen «{batch}» har {people} personer, men antallene til hver arm er: {given}",
            en=f'the batch "{batch}" has {people} people, but its numbers per arm are: {given}',
        ),
        allowed=Text(
            nb="minst én til hver arm, som til sammen er antallet personer",
            en="at least one for each arm, adding up to its people",
        ),
    )


def only_complete(method: str) -> Problem:
    return Problem(
        Text(
            nb=f"metoden «{method}» trekker én og én, ikke grupper",
            en=f'the method "{method}" draws one by one, not batches',
        ),
        "draw.method",
        Text.same("complete"),
    )


def not_drawn_by_lodd() -> Problem:
    return Problem(
        Text(
            nb="loddene i dette forsøket er trukket utenfor Lodd (external), og kan derfor ikke trekkes eller "
            "simuleres her",
            en="the lots of this trial were drawn outside Lodd (external), and cannot be drawn or simulated here",
        ),
        "draw.method",
        Text.same("keyed, complete, blocks, minimisation"),
    )


def no_block_sizes() -> Problem:
    return Problem(
        Text(nb="blokkenes størrelser er ikke oppgitt", en="the sizes of the blocks are not given"),
        "draw.block_sizes",
        next_step=Text(nb="Skriv for eksempel block_sizes = [4, 6].", en="Write block_sizes = [4, 6], say."),
    )


def no_whole_block(period: Period, size: int) -> Problem:
    shares = ", ".join(str(p) for p in period.probability)
    return Problem(
        Text(
            nb=f"en blokk på {size} kan ikke deles i {shares} med hele personer",
            en=f"a block of {size} cannot be split into {shares} with whole people",
        ),
        f"draw.schedule[{period.row}]",
        Text(
            nb="størrelser der hver sannsynlighet gir et helt tall",
            en="sizes in which every probability gives a whole number",
        ),
        Text(nb="Endre draw.block_sizes eller sannsynligheten.", en="Change draw.block_sizes or the probability."),
    )


def no_factors() -> Problem:
    return Problem(
        Text(nb="det er ikke sagt hva som skal balanseres", en="it is not said what to balance"),
        "draw.factors",
        next_step=Text(nb='Skriv for eksempel factors = ["office", "female"].', en='Write factors = ["office"], say.'),
    )


def weak_coin(coin: object, period: Period) -> Problem:
    return Problem(
        Text(
            nb=f"mynten på {coin} foretrekker ingen når den minste sannsynligheten er {min(period.probability)}",
            en=f"a coin of {coin} prefers nobody where the smallest probability is {min(period.probability)}",
        ),
        "draw.biased_coin",
        Text(nb="over den minste sannsynligheten, under 1", en="above the smallest probability, below 1"),
    )


def not_one(row: int | None, total: object) -> Problem:
    return Problem(
        Text(nb=f"sannsynlighetene er til sammen {total}", en=f"the probabilities are {total} together"),
        "draw.schedule" if row is None else f"draw.schedule[{row}]",
        Text(nb="alle over 0, og til sammen nøyaktig 1", en="all above 0, and exactly 1 together"),
    )


def other_design(what: str) -> Problem:
    return Problem(
        Text(
            nb=f"en endring kan gjelde sannsynlighetene, ikke {what}",
            en=f"an amendment may change probabilities, not {what}",
        ),
        "draw",
    )
