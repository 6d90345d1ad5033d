#!/usr/bin/env python3
"""Parses every T-SQL statement that is sent to a SQL Server with a grammar that is not ours: those of tests/golden/sqlserver.

  tsql.py [FILE…]     by default tests/golden/sqlserver/*.sql

Ends with 1 where a statement is not taken, or taken only as a text that nobody has looked into (`Command`). It looks at itself first and last:
statements that are broken on purpose, and each statement with a bracket too many, must not be taken.

The grammar is more lenient than a server: it knows no table, no type of a value, and takes some things that a server does not (`SELECT a,, b`).
So this finds slips of the pen; only a server can say that a statement is right.

A name that is one of the server's reserved words has to stand in brackets. The grammar takes it without, so it is looked for here.
"""
# requirements: sqlglot, as in lint-requirements.txt
import logging
import re
import sys
from pathlib import Path

import sqlglot
from sqlglot import exp

# What a server takes and the grammar does not know, the form that it is read as, and why that is the same for everything around it.
UNKNOWN = [
    # SNAPSHOT is one of five levels; the grammar lists the other four (learn.microsoft.com: SET TRANSACTION ISOLATION LEVEL).
    (re.compile(r"^(SET TRANSACTION ISOLATION LEVEL) SNAPSHOT(?=;|$)", re.M), r"\1 READ COMMITTED"),
    # CHANGETABLE takes a word before its table (learn.microsoft.com: CHANGETABLE). Without the word it is a function of two arguments.
    (re.compile(r"\bCHANGETABLE\(CHANGES (?=\[)"), "CHANGETABLE("),
]

BROKEN = [
    "SELECT t.[id] FROM [dbo].[t] AS t WHERE (t.b = 1",
    "SELECT FROM WHERE",
    "SELECT TOP (1 t.a FROM t",
    "SELECT a FROM t WHERE a >",
    "SELECT CAST(a varchar(3)) FROM t",
    "SELECT a FROM t ORDER a",
    "CREATE TABLE #t (a int NOT NULL",
    "INSERT INTO #t (a) SELEC 1",
    "DROP TABEL #t",
    "SELECT i.[type] AS clustered FROM sys.indexes AS i",
    "SELECT i.primary FROM [dbo].[i] AS i",
    "SET TRANSACTION ISOLATION LEVEL SNAPSHOTS",
    "SELECT c.[id] FROM CHANGETABLE(CHANGED [dbo].[t], 0) AS c",
    # What stands behind an IF is looked into as well.
    "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SELECT a FROM t WHERE a >",
    "IF OBJECT_ID(N'x') IS NOT NULL DROP TABLE #x; DROP TABEL #y",
]

# What may be no name without brackets (learn.microsoft.com: Reserved Keywords (Transact-SQL)).
RESERVED = frozenset(
    """
    add all alter and any as asc authorization backup begin between break browse bulk by cascade case check checkpoint close clustered coalesce collate
    column commit compute constraint contains containstable continue convert create cross current current_date current_time current_timestamp
    current_user cursor database dbcc deallocate declare default delete deny desc disk distinct distributed double drop dump else end errlvl escape
    except exec execute exists exit external fetch file fillfactor for foreign freetext freetexttable from full function goto grant group having
    holdlock identity identity_insert identitycol if in index inner insert intersect into is join key kill left like lineno load merge national
    nocheck nonclustered not null nullif of off offsets on open opendatasource openquery openrowset openxml option or order outer over percent pivot
    plan precision primary print proc procedure public raiserror read readtext reconfigure references replication restore restrict return revert
    revoke right rollback rowcount rowguidcol rule save schema securityaudit select session_user set setuser shutdown some statistics system_user
    table tablesample textsize then to top tran transaction trigger truncate try_convert tsequal union unique unpivot update updatetext use user
    values varying view waitfor when where while with writetext
    """.split()
)
# What is no name: texts, comments, and names in brackets.
NO_NAME = re.compile(r"N?'(?:[^']|'')*'|/\*.*?\*/|--[^\n]*|\[(?:[^\]]|\]\])*\]", re.S)


def reserved_name(sql):
    """A name that is a reserved word and stands in no brackets, or None."""
    for place in re.finditer(r"(?:\bAS\s+|\.)([A-Za-z_]\w*)", NO_NAME.sub(" _ ", sql), re.I):
        if place[1].lower() in RESERVED:
            return place[1]
    return None


def fault(sql):
    """What is wrong with a batch of statements, or None."""
    name = reserved_name(sql)
    if name is not None:
        return f"a reserved word is a name without brackets: {name}"
    for form, known in UNKNOWN:
        sql = form.sub(known, sql)
    try:
        statements = [s for s in sqlglot.parse(sql, dialect="tsql", error_level=sqlglot.ErrorLevel.RAISE) if s is not None]
    except (sqlglot.errors.ParseError, sqlglot.errors.TokenError) as error:
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split("\n")[0]
    if not statements:
        return "there is no statement"
    for statement in statements:
        opaque = statement.find(exp.Command)
        if opaque is not None:
            return f"taken as an opaque command: {opaque.sql()[:60]}"
    return None


def batches(path):
    """The named batches of a golden file: `-- name`, then the comment of the plan and the statements."""
    for block in re.split(r"(?m)^-- ", path.read_text())[1:]:
        name, _, sql = block.partition("\n")
        yield name, sql.strip()


def main():
    # The parser warns of what it takes as a command; that is a fault here, and told once.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    paths = [Path(p) for p in sys.argv[1:]] or sorted(Path("tests/golden/sqlserver").glob("*.sql"))
    faults = [f"broken on purpose, and taken: {sql}" for sql in BROKEN if fault(sql) is None]
    seen = 0
    for path in paths:
        before = seen
        for name, sql in batches(path):
            seen += 1
            found = fault(sql)
            if found is not None:
                faults.append(f"{path}: {name}: {found}")
            elif fault(f"{sql} )") is None:
                faults.append(f"{path}: {name}: taken with a bracket too many as well")
        if seen == before:
            faults.append(f"{path}: no statement is in it")
    if not paths:
        faults.append("there are no files")
    for line in faults:
        print(line, file=sys.stderr)
    if faults:
        sys.exit(1)
    print(f"{seen} T-SQL statements parse, {len(BROKEN)} broken ones do not")


main()
