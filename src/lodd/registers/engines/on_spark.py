"""Spark, on this machine or the cluster of ``LODD_SPARK_MASTER``: reads files itself, and gives Arrow tables back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars import selectors

from lodd.registers.engines import problems
from lodd.registers.engines.protocol import ROW, UnreadableError
from lodd.registers.engines.types import plain_columns, shown_schema, with_nulls
from lodd.registers.scratch import temporary_folder

MASTER: Final = "LODD_SPARK_MASTER"
_LOCAL: Final = "local[2]"
_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",  # as in the other engines: `Hours` is not `hours`
    "spark.sql.ansi.enabled": "true",  # a sum that does not fit is an error, not another number
    "spark.sql.csv.parser.columnPruning.enabled": "false",  # a line that is cut off is found
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # else files with billionths of a second cannot be read at all
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.sql.adaptive.enabled": "true",
}
_UNREADABLE: Final = ("FAILED_READ_FILE", "MALFORMED", "CSV", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
_AT_START: Final = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.memory": "2g"}


def open_spark() -> SparkEngine:
    """The engine, on ``local[2]`` unless ``LODD_SPARK_MASTER`` says where.

    Raises:
        UsageError: PySpark or Java is not installed, or Spark does not start.
    """
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise problems.no_library("Spark", "spark") from None
    master = os.environ.get(MASTER, "").strip() or _LOCAL
    building = SparkSession.builder.master(master).appName("lodd")
    if master.startswith("local"):
        building = building.config("spark.sql.shuffle.partitions", "4")
    for key, value in _AT_START.items():
        building = building.config(key, value)
    try:
        session = building.getOrCreate()
    except (PySparkRuntimeError, OSError) as error:
        raise problems.no_java(str(error).strip().split("\n", 1)[0]) from error
    return SparkEngine(session)


class SparkEngine:
    """One session; its temporary tables are gone after a ``with`` block. The Java machine lives as long as Python."""

    name = "spark"

    def __init__(self, session: Any) -> None:
        self._session = session
        session.sparkContext.setLogLevel("OFF")
        for key, value in _SETTINGS.items():
            session.conf.set(key, value)
        from lodd.registers.engines.spark_sql import compiler

        self._backend: Any = ibis.pyspark.connect(session)
        self._backend.compiler = compiler()
        self._number = count()
        self._folder = temporary_folder()
        self._kept: list[tuple[str, Any]] = []

    @property
    def version(self) -> str:
        return str(self._session.version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name, frame in self._kept:
            self._session.catalog.dropTempView(name)
            frame.unpersist()
        self._folder.cleanup()

    def take(self, table: pa.Table, *, numbered: bool = False) -> ir.Table:
        """The table by way of a file, which Spark reads in parallel."""
        if numbered:
            table = table.append_column(ROW, pa.array(range(1, table.num_rows + 1), pa.int64()))
        file, plain = Path(self._folder.name) / f"{self._name()}.parquet", plain_columns(table)
        try:
            pq.write_table(plain, file)
        except OSError as error:
            problems.refuse_full(error)
            raise
        taken = self._named(self._session.read.parquet(str(file)), shown_schema(plain.schema, table.schema))
        return with_nulls(taken, table.schema)

    def read_parquet(self, paths: Sequence[Path]) -> ir.Table:
        """As the protocol says."""
        frames, before, schema = [], 0, pq.read_schema(paths[0])
        for path in paths:
            with self._problems():
                frame = self._session.read.parquet(str(path.absolute()))
            moments = _moments(pq.read_schema(path))
            columns = [moments.get(name, _quoted(name)) for name in frame.columns]
            frames.append(frame.selectExpr(*columns, f"_metadata.row_index + {before + 1} AS {ROW}"))
            before += pq.read_metadata(path).num_rows
        return with_nulls(self._named(reduce(_union, frames)), schema)

    def read_csv(self, paths: Sequence[Path], columns: Sequence[str], delimiter: str) -> ir.Table:
        """As the protocol says. Text may hold line breaks, so that each file is read by one process."""
        schema = ", ".join(f"{_quoted(name)} STRING" for name in columns)
        options = {"sep": delimiter, "quote": '"', "escape": '"', "header": True, "multiLine": True, "mode": "FAILFAST"}
        frames, before = [], 0
        for path in paths:
            frame = self._session.read.schema(schema).options(**options, enforceSchema=False).csv(str(path.absolute()))
            frames.append(frame.selectExpr("*", f"monotonically_increasing_id() + {before + 1} AS {ROW}"))
            if path != paths[-1]:
                with self._problems():
                    before += frame.count()
        return self._named(reduce(_union, frames))

    def keep(self, expression: ir.Table) -> ir.Table:
        """As the protocol says."""
        with self._problems():
            frame = self._session.sql(self._backend.compile(expression)).localCheckpoint()
        return self._named(frame)

    def fetch(self, expression: ir.Table) -> pl.DataFrame:
        """As the protocol says."""
        with self._problems():
            table = self._session.sql(self._backend.compile(expression)).toArrow()
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame.with_columns(selectors.decimal().cast(pl.Int64))

    def _named(self, frame: Any, shown: sch.Schema | None = None) -> ir.Table:
        name = self._name()
        frame.createOrReplaceTempView(name)
        self._kept.append((name, frame))
        schema = shown or sch.Schema({field.name: _ibis_type(field.dataType) for field in frame.schema.fields})
        return ops.DatabaseTable(name, schema, self._backend).to_expr()

    def _name(self) -> str:
        return f"lodd_{os.getpid()}_{id(self)}_{next(self._number)}"

    @contextmanager
    def _problems(self) -> Iterator[None]:
        """Turns what Spark says of files and of room into errors for people; a wrong statement is our fault."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import AnalysisException, ParseException, PySparkException

        try:
            yield
        except (AnalysisException, ParseException) as error:
            # a cluster that does not see this machine's files; columns of types that Spark does not have
            if "PATH_NOT_FOUND" in str(error) or "PARQUET_TYPE" in str(error):
                raise UnreadableError(_cause(str(error))) from error
            raise
        except (PySparkException, Py4JJavaError) as error:
            said = str(error)
            if "No space left on device" in said or "OutOfMemoryError" in said:
                raise problems.no_room("Spark", _cause(said)) from error
            if any(sign in said for sign in _UNREADABLE) or "parquet" in said.lower():
                raise UnreadableError(_cause(said)) from error
            raise


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _moments(schema: pa.Schema) -> dict[str, str]:
    """Columns in billionths of a second, which Spark reads as numbers: what makes moments of them, cut off."""
    found = {}
    for field in schema:
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            kind, name = "TIMESTAMP_NTZ" if field.type.tz is None else "TIMESTAMP", _quoted(field.name)
            micros = f"CAST(FLOOR({name} / 1000BD) AS BIGINT)"
            found[field.name] = f"CAST(timestamp_micros({micros}) AS {kind}) AS {name}"
    return found


def _union(one: Any, other: Any) -> Any:
    return one.unionByName(other)


def _cause(said: str) -> str:
    """The innermost thing that Spark names, without where in its own code."""
    causes = [line.removeprefix("Caused by: ") for line in said.split("\n") if line.startswith("Caused by: ")]
    return (causes[-1] if causes else said.split("\n", 1)[0]).strip()


def _ibis_type(kind: Any) -> dt.DataType:
    """Moments are told apart from dates with a time of day, which Ibis takes for the same."""
    from ibis.backends.pyspark.datatypes import PySparkType
    from pyspark.sql.types import TimestampType

    return dt.Timestamp(timezone="UTC") if isinstance(kind, TimestampType) else PySparkType.to_ibis(kind)
