"""Writing a tidy table: CSV with a header of comments, or Parquet with units in its schema; whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.dataset.store import FIGURE_KEYS, check_writable, figure_mark, write_atomically
from carsim.errors import CarsimError
from carsim.report.tidy import TEXT, Tidy, Values, table_of

if TYPE_CHECKING:
    from carsim.report.tidy import Column

INSTALL: Final = "python -m pip install 'carsim[parquet]'"


class NoParquet(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """Parquet needs a package that is not there."""

    exit_status = 2


def write_csv(result: Path, out: Path, *, force: bool = False) -> int:
    """Write the table of a result as CSV; how many rows. Raises OutputRefused as `check_writable` does."""
    return _written(result, out, _csv, force=force)


def write_parquet(result: Path, out: Path, *, force: bool = False) -> int:
    """Write the table of a result as Parquet; how many rows. Raises NoParquet where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401  (only whether it is there)
    except ImportError as error:
        raise NoParquet(f"Parquet needs pyarrow, which is not installed: {INSTALL}, or `carsim export csv`") from error
    return _written(result, out, _parquet, force=force)


def _written(result: Path, out: Path, write: Callable[[Tidy, Path], int], *, force: bool) -> int:
    table = table_of(result)
    check_writable(out, table.run, force=force)
    rows = 0

    def counted(path: Path) -> None:
        nonlocal rows
        rows = write(table, path)

    write_atomically(out, counted)
    return rows


def _csv(table: Tidy, path: Path) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {' '.join(line.split())}\n" for line in _comments(table))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in table.columns])
        for piece in table.pieces:
            cells = [_cells(column, values) for column, values in zip(table.columns, piece, strict=True)]
            writer.writerows(zip(*cells, strict=True))
            rows += len(cells[0])
    return rows


def _comments(table: Tidy) -> list[str]:
    """What the file is, the run it comes from, and unit and meaning of each column."""
    head = [f"{table.run.get('title', '')}: {table.rows}; empty: no value", figure_mark(table.run), NOT_FOR_TREATMENT]
    return head + [_described(column) for column in table.columns]


def _described(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{column.name}{unit}: {column.meaning}"


def _cells(column: Column, found: Values) -> list[str]:
    """Numbers with as many figures as give them back to the bit."""
    texts = [str(value) if column.kind == TEXT else repr(value) for value in found.values.tolist()]
    return ["" if missing else text for text, missing in zip(texts, found.missing.tolist(), strict=True)]


def _parquet(table: Tidy, path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"float64": pa.float64(), "int64": pa.int64(), TEXT: pa.string()}
    fields = [
        pa.field(column.name, types[column.kind], metadata={"unit": column.unit, "meaning": column.meaning})
        for column in table.columns
    ]
    run = {key: str(table.run[key]) for key in (*FIGURE_KEYS, "title", "comment") if key in table.run}
    schema = pa.schema(fields, metadata={**run, "rows": table.rows, "carsim": figure_mark(table.run)})
    rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for piece in table.pieces:
            arrays = [_arrow(pa, field, values) for field, values in zip(fields, piece, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            rows += len(arrays[0])
    return rows


def _arrow(pa: Any, field: Any, found: Values) -> Any:
    values = found.values
    if field.type == pa.string():
        values = values.astype(object)
    elif field.type == pa.int64() and values.dtype.kind == "f":
        values = values.astype("int64")
    return pa.array(values, type=field.type, mask=found.missing)
