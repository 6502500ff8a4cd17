"""The National Supported Work experiment (Dehejia and Wahba's sample, 445 men) as a trial folder.

The data stay in the package `causaldata` (extra `lodd[nsw]`), which took them from the authors' files: R. Dehejia and
S. Wahba, "Causal Effects in Nonexperimental Studies", JASA 94 (1999); R. LaLonde, AER 76 (1986). The public file has no
dates of draw and no sites, so all men are given one nominal date, after which the earnings of 1978 lie for everybody.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from lodd.errors import Problem, UsageError
from lodd.locale import Text

NOMINAL_DRAW: Final = date(1977, 7, 1)
_FACTS: Final = {"age": "age", "educ": "education_years", "black": "black", "hisp": "hispanic", "marr": "married"}


def write_data(folder: Path) -> None:
    """Write `participants.parquet` and the two registers of yearly earnings.

    Raises:
        UsageError: `causaldata` is not installed.
    """
    men = _sample()
    person = pl.format("nsw-{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(3)).alias("person_id")
    men = men.with_columns(person)
    participants = men.select(
        "person_id",
        pl.when(pl.col("treat") == 1).then(pl.lit("supported_work")).otherwise(pl.lit("control")).alias("arm"),
        pl.lit("nsw").alias("site"),
        pl.lit("nsw").alias("office"),
        pl.lit("all").alias("stratum"),
        pl.lit(NOMINAL_DRAW).alias("drawn_at"),
        *(pl.col(old).cast(pl.Int64).alias(new) for old, new in _FACTS.items()),
        pl.col("nodegree").cast(pl.Int64).alias("no_degree"),
    )
    participants.write_parquet(folder / "participants.parquet")
    (folder / "registers").mkdir()
    before = pl.concat([_earnings(men, 1974, "re74"), _earnings(men, 1975, "re75")])
    before.write_parquet(folder / "registers/earnings_before.parquet")
    _earnings(men, 1978, "re78").write_parquet(folder / "registers/earnings_after.parquet")


def _earnings(men: pl.DataFrame, year: int, column: str) -> pl.DataFrame:
    """One record a man with earnings that year, in dollars with five decimals (the file's single precision)."""
    amount = pl.col(column).cast(pl.Float64).round(5).alias("amount")
    rows = men.select("person_id", pl.lit(date(year, 1, 1)).alias("year"), amount)
    return rows.filter(pl.col("amount") > 0)


def _sample() -> pl.DataFrame:
    try:
        from causaldata import nsw_mixtape
    except ImportError:
        raise UsageError(
            Problem(
                Text(nb="pakken causaldata er ikke installert", en="the package causaldata is not installed"),
                next_step=Text(nb="Installer den: pip install 'lodd[nsw]'", en="Install it: pip install 'lodd[nsw]'"),
            )
        ) from None
    data: Any = nsw_mixtape.load_pandas().data
    return pl.DataFrame({name: data[name].to_numpy() for name in data.columns if name != "data_id"})
