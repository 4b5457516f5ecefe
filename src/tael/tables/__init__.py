"""Tables: what they promise, reading them, checking them, drafting what they promise."""

from tael.tables.frames import Tables
from tael.tables.reading import read_tables
from tael.tables.schema import ColumnSchema, Role, Schema, TableSchema, Title, Type

__all__ = ["ColumnSchema", "Role", "Schema", "TableSchema", "Tables", "Title", "Type", "read_tables"]
