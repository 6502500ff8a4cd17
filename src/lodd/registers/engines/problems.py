"""What can go wrong with an engine, in words. No message says how the engine is reached: that may hold a password."""

from __future__ import annotations

import errno
import os
from typing import Final

from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Text

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
ENGINES = ("duckdb", "postgresql", "spark")


def no_such_engine(name: str) -> UsageError:
    found = Text(nb=f"motoren «{name}» finnes ikke", en=f'there is no engine "{name}"')
    return UsageError(Problem(found, "--engine, LODD_ENGINE", Text.same(", ".join(ENGINES))))


class EngineFailedError(DataError):
    """What computes gave up: nothing is wrong with the data."""


class NoRoomError(EngineFailedError):
    """Memory and disk are used up."""


def no_room(engine: str, said: str) -> DataError:
    reason = said.strip().split("\n", 1)[0]
    return NoRoomError(
        Problem(
            Text(
                nb=f"minnet og plassen til mellomregninger er brukt opp ({reason})",
                en=f"memory and the room for intermediate results are used up ({reason})",
            ),
            engine,
            None,
            Text(
                nb="Ingenting er skrevet. Rydd plass på disken der mellomregningene ligger (forsøkets mappe, TMPDIR), "
                "gi mer minne (LODD_MEMORY), eller bruk en større maskin eller en annen motor: docs/engines.nb.md.",
                en="Nothing is written. Make room on the disk where they are kept (the trial's folder, TMPDIR), give "
                "it more memory (LODD_MEMORY), or use a larger machine or another engine: docs/engines.md.",
            ),
        )
    )


def refuse_full(error: Exception) -> None:
    """Raises NoRoomError where what failed is the writing of a copy, on a disk that is full."""
    if getattr(error, "errno", None) in _FULL or "No space left on device" in str(error):
        raise no_room("TMPDIR", os.strerror(errno.ENOSPC)) from error


def no_library(engine: str, extra: str) -> UsageError:
    return UsageError(
        Problem(
            Text(nb=f"motoren {engine} er ikke installert", en=f"the engine {engine} is not installed"),
            "--engine, LODD_ENGINE",
            None,
            Text(nb=f'Installer den: pip install "lodd[{extra}]"', en=f'Install it: pip install "lodd[{extra}]"'),
        )
    )


def no_java(reason: str) -> UsageError:
    return UsageError(
        Problem(
            Text(nb=f"Spark kan ikke startes ({reason})", en=f"Spark cannot be started ({reason})"),
            "--engine, LODD_ENGINE",
            Text(nb="Java 17 eller 21", en="Java 17 or 21"),
            Text(
                nb="Installer Java, for eksempel «apt install openjdk-17-jre-headless», og pek JAVA_HOME dit.",
                en="Install Java, for example `apt install openjdk-17-jre-headless`, and point JAVA_HOME to it.",
            ),
        )
    )


def no_server_named() -> UsageError:
    return UsageError(
        Problem(
            Text(nb="det er ikke sagt hvor PostgreSQL er", en="nothing says where PostgreSQL is"),
            "LODD_POSTGRESQL",
            Text(
                nb="en adresse (postgresql://bruker@vert/database) eller «service=navn»",
                en="an address (postgresql://user@host/database) or `service=name`",
            ),
            Text(
                nb="Sett LODD_POSTGRESQL i miljøet; passordet hører hjemme i ~/.pgpass.",
                en="Set LODD_POSTGRESQL in the environment; the password belongs in ~/.pgpass.",
            ),
        )
    )


def no_connection(reason: str) -> UsageError:
    return UsageError(
        Problem(
            Text(nb=f"får ikke kontakt med PostgreSQL ({reason})", en=f"cannot reach PostgreSQL ({reason})"),
            "LODD_POSTGRESQL",
            None,
            Text(
                nb="Prøv den samme adressen med «psql», og se at serveren går og at du har tilgang.",
                en="Try the same address with `psql`, and see that the server runs and lets you in.",
            ),
        )
    )


def connection_lost(reason: str) -> DataError:
    return EngineFailedError(
        Problem(
            Text(
                nb=f"forbindelsen til PostgreSQL ble brutt ({reason}); ingenting er skrevet",
                en=f"the connection to PostgreSQL was lost ({reason}); nothing is written",
            ),
            "LODD_POSTGRESQL",
            None,
            Text(
                nb="Se at serveren går, og kjør kommandoen på nytt.",
                en="See that the server runs, and run the command again.",
            ),
        )
    )


def not_computed(engine: str, reason: str) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"motoren {engine} kan ikke regne med det den fikk ({reason}); ingenting er skrevet",
                en=f"the engine {engine} cannot compute with what it was given ({reason}); nothing is written",
            ),
            "--engine, LODD_ENGINE",
            None,
            Text(nb="Bruk en annen motor: docs/engines.nb.md.", en="Use another engine: docs/engines.md."),
        )
    )


def stopped_by_server(reason: str) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"PostgreSQL avbrøt arbeidet ({reason}); ingenting er skrevet",
                en=f"PostgreSQL stopped the work ({reason}); nothing is written",
            ),
            "LODD_POSTGRESQL",
            None,
            Text(
                nb="Be dem som driver serveren om mer tid (statement_timeout, lock_timeout), eller prøv igjen senere.",
                en="Ask those who run the server for more time (statement_timeout, lock_timeout), or try again later.",
            ),
        )
    )


def no_temporary_tables(reason: str) -> UsageError:
    return UsageError(
        Problem(
            Text(
                nb=f"PostgreSQL lar ikke brukeren lage midlertidige tabeller ({reason})",
                en=f"PostgreSQL does not let the user make temporary tables ({reason})",
            ),
            "LODD_POSTGRESQL",
            Text(
                nb="rettigheten TEMPORARY, og en server som ikke bare er en lesekopi",
                en="the right TEMPORARY, and a server that is not a read-only copy",
            ),
            Text(
                nb="Be dem som driver serveren om det: GRANT TEMPORARY ON DATABASE ...",
                en="Ask those who run the server for it: GRANT TEMPORARY ON DATABASE ...",
            ),
        )
    )


def old_server(least: int) -> UsageError:
    return UsageError(
        Problem(
            Text(nb="serveren er en eldre PostgreSQL", en="the server is an older PostgreSQL"),
            "LODD_POSTGRESQL",
            Text(nb=f"PostgreSQL {least} eller nyere", en=f"PostgreSQL {least} or later"),
            Text(
                nb="Bruk en nyere server, eller hent uttrekk som filer og regn med duckdb.",
                en="Use a newer server, or fetch extracts as files and compute with duckdb.",
            ),
        )
    )
