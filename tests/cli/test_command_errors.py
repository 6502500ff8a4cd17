"""Words and options that a command does not take: said in the reader's language, and never as a traceback."""

from __future__ import annotations

from functools import partial

import pytest

import lodd.cli
from lodd.command_errors import mistyped
from lodd.locale import Language


@pytest.mark.parametrize(("words", "nb", "en"), [
    ("panel x --engine foo", "Feil: --engine: «foo» passer ikke\n  tillatt: duckdb, postgresql, spark\n",
     'Error: --engine: "foo" does not fit\n  allowed: duckdb, postgresql, spark\n'),
    ("panel x --as-of tomorrow", "Feil: --as-of: «tomorrow» passer ikke\n  tillatt: en dag, for eksempel 2021-03-01\n",
     'Error: --as-of: "tomorrow" does not fit\n  allowed: a day, such as 2021-03-01\n'),
    ("evaluate x --draws ten", "Feil: --draws: «ten» passer ikke\n  tillatt: et helt tall\n",
     'Error: --draws: "ten" does not fit\n  allowed: a whole number\n'),
    ("evaluate x --drws 9", "Feil: ukjent valg: --drws\n  gjør dette: Mente du «--draws»?\n",
     'Error: unknown option: --drws\n  do this: Did you mean "--draws"?\n'),
    ("panl", "Feil: ukjent kommando: panl\n  gjør dette: Mente du «panel»?\n",
     'Error: unknown command: panl\n  do this: Did you mean "panel"?\n'),
    ("panel x --engine", "Feil: mangler en verdi: --engine\n", "Error: a value is missing: --engine\n"),
    ("explain", "Feil: mangler: --person\n", "Error: missing: --person\n"),
    ("panel a b c", "Feil: for mange ord: b c\n", "Error: too many words: b c\n"),
])  # fmt: skip
def test_what_is_mistyped(
    words: str, nb: str, en: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[Language, str] = {"nb": nb, "en": en}
    for language, expected in told.items():
        monkeypatch.setattr(lodd.cli.app, "error_formatter", partial(mistyped, language=language))
        with pytest.raises(SystemExit) as stopped:
            lodd.cli.main(words.split())
        assert stopped.value.code == 2
        assert capsys.readouterr().err == expected
