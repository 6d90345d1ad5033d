"""The tables of a project are DuckDB's own (through bigquery_emulator.py).

local-bigquery keeps them in a DuckLake. To make a table there, or to describe one after another was made, is a dozen statements over DuckLake's
catalog: 20 to 30 ms of processor time, where DuckDB's own tables take one. What else a DuckLake has (snapshots, files that others read), the
emulator does not use.
"""

from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.settings import settings


def attach(connection, project_id):
    path = str(settings.data_dir / f"{project_id}.tables").replace("'", "''")
    connection.execute(f"ATTACH IF NOT EXISTS '{path}' AS {quote(project_id)}")
    database._attached.add(project_id)


def projects():
    return sorted(database._attached)


database._attach, database.projects = attach, projects
