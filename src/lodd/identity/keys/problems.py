"""What can be wrong with keys, said in both languages. No message holds key material, only names and key ids."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from lodd.errors import Problem, UsageError
from lodd.identity.keys.record import Flaw, KeyKind
from lodd.locale import Text

KeyProblem = Literal[
    "missing",
    "half_missing",
    "halves_differ",
    "not_a_key",
    "unknown_kind",
    "damaged",
    "wrong_variable",
    "conflict",
    "mixed_settings",
    "folder_missing",
    "symlink",
    "not_a_file",
    "not_owner",
    "readable_by_others",
    "exists",
    "cannot_write",
    "cannot_read",
    "no_owner_rights",
]


class KeyMaterialError(UsageError):
    """Keys are missing, damaged, badly protected or contradict each other; ``problem`` says which."""

    def __init__(self, problem: KeyProblem, details: Problem) -> None:
        self.problem = problem
        super().__init__(details)


def flawed(where: str, flaw: Flaw) -> KeyMaterialError:
    said = {
        "not_a_key": Text(nb="dette er ikke en nøkkelfil fra Lodd", en="this is not a key file of Lodd's"),
        "unknown_kind": Text(nb="nøkkelfilen er av et ukjent slag", en="the key file is of an unknown kind"),
        "damaged": Text(
            nb="nøkkelen er skadet: den stemmer ikke med sitt eget kjennetegn",
            en="the key is damaged: it does not agree with its own id",
        ),
    }
    allowed = Text(nb="filer laget av «lodd draw keygen»", en="files made by `lodd draw keygen`")
    next_step = Text(nb="Hent nøkkelen tilbake fra sikkerhetskopien.", en="Restore the key from its backup.")
    return KeyMaterialError(flaw, Problem(said[flaw], where, allowed, next_step))


def missing(kinds: Collection[KeyKind]) -> KeyMaterialError:
    names = ", ".join(kinds)
    variables = ", ".join(f"LODD_KEY_{kind.upper()}" for kind in kinds)
    found = Text(nb=f"disse nøklene mangler: {names}", en=f"these keys are missing: {names}")
    next_step = Text(
        nb=f"Legg nøkkelfilene i nøkkelmappen, eller innholdet deres i {variables}. Nye lages med «lodd draw keygen».",
        en=f"Put the key files into the key folder, or their text into {variables}. `lodd draw keygen` makes new ones.",
    )
    return KeyMaterialError("missing", Problem(found, next_step=next_step))


def half_missing(where: str, half: int, pair: str) -> KeyMaterialError:
    other = 3 - half
    found = Text(
        nb=f"bare halvdel {half} av trekningsnøkkelen {pair} er her; halvdel {other} mangler",
        en=f"only half {half} of the draw key {pair} is here; half {other} is missing",
    )
    next_step = Text(
        nb=f"Be den som har halvdel {other}, om å legge den inn (egen mappe, eller LODD_KEY_DRAW_HALF_{other}).",
        en=f"Ask the holder of half {other} to put it in (a folder of its own, or LODD_KEY_DRAW_HALF_{other}).",
    )
    return KeyMaterialError("half_missing", Problem(found, where, next_step=next_step))


def halves_differ(where: str, pairs: Collection[str]) -> KeyMaterialError:
    names = ", ".join(sorted(pairs))
    found = Text(
        nb=f"halvdelene passer ikke sammen til én trekningsnøkkel ({names})",
        en=f"the halves do not make one draw key ({names})",
    )
    next_step = Text(
        nb="Finn de to halvdelene med samme «pair» i filen.", en="Find the two halves with the same `pair` in the file."
    )
    return KeyMaterialError("halves_differ", Problem(found, where, next_step=next_step))


def wrong_variable(name: str, kind: str) -> KeyMaterialError:
    found = Text(nb=f"variabelen holder en nøkkel av slaget {kind}", en=f"the variable holds a key of kind {kind}")
    allowed = Text.same(f"LODD_KEY_{kind.upper()}")
    next_step = Text(nb="Gi variabelen nøkkelens navn.", en="Give the variable the key's name.")
    return KeyMaterialError("wrong_variable", Problem(found, name, allowed, next_step))


def conflict(kind: str, places: Collection[str]) -> KeyMaterialError:
    where = ", ".join(places)
    found = Text(nb=f"det er to ulike nøkler av slaget {kind}", en=f"there are two different keys of kind {kind}")
    next_step = Text(nb="Ta bort den som ikke hører til forsøket.", en="Take away the one that is not the trial's.")
    return KeyMaterialError("conflict", Problem(found, where, next_step=next_step))


def mixed_settings(places: Collection[str]) -> KeyMaterialError:
    found = Text(
        nb="nøkler for test og nøkler for virkelige personer ligger sammen",
        en="keys for tests and keys for real people lie together",
    )
    allowed = Text(nb="en installasjon er det ene eller det andre", en="an installation is one or the other")
    next_step = Text(
        nb="Hold dem i hver sin mappe, i hver sin installasjon.",
        en="Keep them in separate folders, in separate installations.",
    )
    return KeyMaterialError("mixed_settings", Problem(found, ", ".join(places), allowed, next_step))


def unprotected(path: Path, mode: int, *, folder: bool) -> KeyMaterialError:
    right = "700" if folder else "600"
    found = Text(
        nb=f"andre enn eieren har tilgang (rettigheter {mode:03o})",
        en=f"others than the owner have access (permissions {mode:03o})",
    )
    allowed = Text(nb=f"rettigheter {right}: bare eieren", en=f"permissions {right}: the owner only")
    next_step = Text(
        nb=f"chmod {right} {path} — og lag nye nøkler hvis noen andre kan ha lest dem.",
        en=f"chmod {right} {path} — and make new keys if anyone else may have read them.",
    )
    return KeyMaterialError("readable_by_others", Problem(found, str(path), allowed, next_step))


def at(path: Path, problem: KeyProblem, detail: str = "") -> KeyMaterialError:
    """A problem with a file or folder itself."""
    said: dict[KeyProblem, tuple[Text, Text]] = {
        "folder_missing": (
            Text(nb="nøkkelmappen finnes ikke", en="the key folder does not exist"),
            Text(nb="Lag nøkler med «lodd draw keygen».", en="Make keys with `lodd draw keygen`."),
        ),
        "symlink": (
            Text(nb="dette er en symbolsk lenke", en="this is a symbolic link"),
            Text(nb="Oppgi selve filen eller mappen.", en="Give the file or folder itself."),
        ),
        "not_a_file": (
            Text(nb="dette er ikke en vanlig fil", en="this is not an ordinary file"),
            Text(nb="Ta den ut av nøkkelmappen.", en="Take it out of the key folder."),
        ),
        "not_owner": (
            Text(nb="filen eies av en annen bruker", en="the file belongs to another user"),
            Text(
                nb="Kjør som den brukeren som eier nøklene, eller endre eier.",
                en="Run as the user who owns the keys, or change the owner.",
            ),
        ),
        "exists": (
            Text(nb="det ligger noe her fra før", en="there is something here already"),
            Text(
                nb="Nøkler skrives aldri over. Velg en ny mappe eller et nytt filnavn.",
                en="Keys are never overwritten. Choose a new folder or file name.",
            ),
        ),
        "cannot_write": (
            Text(nb=f"kan ikke skrive: {detail}", en=f"cannot write: {detail}"),
            Text(nb="Velg et sted du kan skrive.", en="Choose a place that you can write to."),
        ),
        "cannot_read": (
            Text(nb=f"kan ikke lese: {detail}", en=f"cannot read: {detail}"),
            Text(nb="Sjekk stien og rettighetene.", en="Check the path and its permissions."),
        ),
        "no_owner_rights": (
            Text(
                nb="dette systemet har ikke filrettigheter som Lodd kan kontrollere",
                en="this system has no file permissions that Lodd can check",
            ),
            Text(nb="Legg nøklene i miljøvariabler (LODD_KEY_…).", en="Put the keys into variables (LODD_KEY_…)."),
        ),
    }
    found, next_step = said[problem]
    return KeyMaterialError(problem, Problem(found, str(path), next_step=next_step))
