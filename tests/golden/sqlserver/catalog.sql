-- relations
/* plimsoll:catalog.relations tables=dbo.o%27ne,ffx.vw_two */
SELECT s.name AS [schema], o.name, o.object_id, CAST(o.type AS nvarchar(2)) AS kind, CONVERT(nvarchar(33), o.create_date, 126) AS created, (SELECT SUM(p.rows) FROM sys.partitions AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS rows, CAST(e.value AS nvarchar(4000)) AS comment, CASE WHEN o.type = 'V' THEN CONVERT(nvarchar(64), HASHBYTES('SHA2_256', OBJECT_DEFINITION(o.object_id)), 2) END AS [view], CAST(COALESCE(t.is_memory_optimized, 0) AS bit) AS memory, CAST(COALESCE(t.is_external, 0) AS bit) AS [external], CAST(CASE WHEN o.type = 'V' AND EXISTS (SELECT 1 FROM sys.indexes AS i WHERE i.object_id = o.object_id AND i.index_id = 1) THEN 1 ELSE 0 END AS bit) AS indexed, c.begin_version AS ct_begin, CASE WHEN c.object_id IS NOT NULL THEN CHANGE_TRACKING_MIN_VALID_VERSION(o.object_id) END AS ct_min_valid, CAST(CASE WHEN EXISTS (SELECT 1 FROM sys.security_policies AS p JOIN sys.security_predicates AS d ON d.object_id = p.object_id AND d.predicate_type_desc = N'FILTER' JOIN sys.objects AS b ON b.object_id = d.target_object_id WHERE p.is_enabled = 1 AND (b.object_id = o.object_id OR CHARINDEX(b.name, CASE WHEN OBJECTPROPERTY(o.object_id, 'IsView') = 1 THEN COALESCE(OBJECT_DEFINITION(o.object_id), b.name) END) > 0)) THEN 1 ELSE 0 END AS bit) AS hides FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id LEFT JOIN sys.tables AS t ON t.object_id = o.object_id LEFT JOIN sys.change_tracking_tables AS c ON c.object_id = o.object_id LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = 0 AND e.name = N'MS_Description' WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND o.object_id IN (OBJECT_ID(N'[dbo].[o''ne]'), OBJECT_ID(N'[ffx].[vw_two]')) ORDER BY o.object_id

-- relations, on a readable secondary
/* plimsoll:catalog.relations tables=dbo.o%27ne,ffx.vw_two */
SELECT s.name AS [schema], o.name, o.object_id, CAST(o.type AS nvarchar(2)) AS kind, CONVERT(nvarchar(33), o.create_date, 126) AS created, (SELECT SUM(p.rows) FROM sys.partitions AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS rows, CAST(e.value AS nvarchar(4000)) AS comment, CASE WHEN o.type = 'V' THEN CONVERT(nvarchar(64), HASHBYTES('SHA2_256', OBJECT_DEFINITION(o.object_id)), 2) END AS [view], CAST(COALESCE(t.is_memory_optimized, 0) AS bit) AS memory, CAST(COALESCE(t.is_external, 0) AS bit) AS [external], CAST(CASE WHEN o.type = 'V' AND EXISTS (SELECT 1 FROM sys.indexes AS i WHERE i.object_id = o.object_id AND i.index_id = 1) THEN 1 ELSE 0 END AS bit) AS indexed, c.begin_version AS ct_begin, CAST(NULL AS bigint) AS ct_min_valid, CAST(CASE WHEN EXISTS (SELECT 1 FROM sys.security_policies AS p JOIN sys.security_predicates AS d ON d.object_id = p.object_id AND d.predicate_type_desc = N'FILTER' JOIN sys.objects AS b ON b.object_id = d.target_object_id WHERE p.is_enabled = 1 AND (b.object_id = o.object_id OR CHARINDEX(b.name, CASE WHEN OBJECTPROPERTY(o.object_id, 'IsView') = 1 THEN COALESCE(OBJECT_DEFINITION(o.object_id), b.name) END) > 0)) THEN 1 ELSE 0 END AS bit) AS hides FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id LEFT JOIN sys.tables AS t ON t.object_id = o.object_id LEFT JOIN sys.change_tracking_tables AS c ON c.object_id = o.object_id LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = 0 AND e.name = N'MS_Description' WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND o.object_id IN (OBJECT_ID(N'[dbo].[o''ne]'), OBJECT_ID(N'[ffx].[vw_two]')) ORDER BY o.object_id

-- columns
/* plimsoll:catalog.columns tables=dbo.o%27ne,ffx.vw_two */
SELECT c.object_id, c.name, c.column_id AS number, CASE WHEN u.is_assembly_type = 1 THEN u.name ELSE COALESCE(y.name, u.name) END AS type, CASE WHEN u.is_user_defined = 1 THEN u.name END AS alias, CAST(CASE WHEN u.is_assembly_type = 1 AND u.is_user_defined = 1 THEN 1 ELSE 0 END AS bit) AS clr, CAST(c.max_length AS int) AS max_length, CAST(c.[precision] AS int) AS [precision], CAST(c.scale AS int) AS scale, c.collation_name AS collation, c.is_nullable AS nullable, c.is_computed AS computed, c.is_hidden AS hidden, c.is_masked AS masked, CAST(CASE WHEN c.encryption_type IS NULL THEN 0 ELSE 1 END AS bit) AS encrypted, c.is_column_set AS column_set, CAST(c.generated_always_type AS int) AS generated FROM sys.columns AS c JOIN sys.objects AS o ON o.object_id = c.object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id JOIN sys.types AS u ON u.user_type_id = c.user_type_id LEFT JOIN sys.types AS y ON y.user_type_id = c.system_type_id WHERE o.type IN ('U', 'V') AND o.object_id IN (OBJECT_ID(N'[dbo].[o''ne]'), OBJECT_ID(N'[ffx].[vw_two]')) ORDER BY c.object_id, c.column_id

-- indexes
/* plimsoll:catalog.indexes tables=dbo.o%27ne,ffx.vw_two */
SELECT i.object_id, i.index_id, i.is_primary_key AS is_primary, i.is_unique AS is_unique, CAST(CASE WHEN i.type = 1 THEN 1 ELSE 0 END AS bit) AS is_clustered, i.has_filter AS filtered, i.is_disabled AS disabled, CAST(k.key_ordinal AS int) AS position, c.name AS [column], k.is_descending_key AS descending FROM sys.indexes AS i JOIN sys.objects AS o ON o.object_id = i.object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0 JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.type IN (1, 2) AND i.is_hypothetical = 0 AND o.type IN ('U', 'V') AND o.object_id IN (OBJECT_ID(N'[dbo].[o''ne]'), OBJECT_ID(N'[ffx].[vw_two]')) ORDER BY i.object_id, i.index_id, k.key_ordinal

-- names
/* plimsoll:catalog.names */
SELECT s.name AS [schema], o.name FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY s.name, o.name

-- list
/* plimsoll:catalog.list */
SELECT s.name AS [schema], o.name, CAST(o.type AS nvarchar(2)) AS kind, CAST(COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), 'OBJECT', 'SELECT'), 0) AS bit) AS readable FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0  ORDER BY s.name, o.name

-- list of one
/* plimsoll:catalog.list table=dbo.o%27ne */
SELECT s.name AS [schema], o.name, CAST(o.type AS nvarchar(2)) AS kind, CAST(COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), 'OBJECT', 'SELECT'), 0) AS bit) AS readable FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND s.name = N'dbo' AND o.name = N'o''ne' ORDER BY s.name, o.name

-- rights
/* plimsoll:catalog.rights table=dbo.o%27ne columns=a%5D,b%27 */
SELECT CAST(COALESCE(HAS_PERMS_BY_NAME(N'[dbo].[o''ne]', 'OBJECT', 'SELECT'), 0) AS bit), CASE WHEN COALESCE(HAS_PERMS_BY_NAME(N'[dbo].[o''ne]', 'OBJECT', 'SELECT', N'a]', 'COLUMN'), 0) = 1 THEN NULL ELSE N'a]' END, CASE WHEN COALESCE(HAS_PERMS_BY_NAME(N'[dbo].[o''ne]', 'OBJECT', 'SELECT', N'b''', 'COLUMN'), 0) = 1 THEN NULL ELSE N'b''' END

-- policies
/* plimsoll:catalog.policies table=ffx.vw_two */
SELECT DISTINCT QUOTENAME(SCHEMA_NAME(p.schema_id)) + N'.' + QUOTENAME(p.name) AS policy FROM sys.security_policies AS p JOIN sys.security_predicates AS d ON d.object_id = p.object_id AND d.predicate_type_desc = N'FILTER' JOIN sys.objects AS b ON b.object_id = d.target_object_id WHERE p.is_enabled = 1 AND (b.object_id = OBJECT_ID(N'[ffx].[vw_two]') OR CHARINDEX(b.name, CASE WHEN OBJECTPROPERTY(OBJECT_ID(N'[ffx].[vw_two]'), 'IsView') = 1 THEN COALESCE(OBJECT_DEFINITION(OBJECT_ID(N'[ffx].[vw_two]')), b.name) END) > 0) ORDER BY policy

-- unmask
/* plimsoll:catalog.unmask */
SELECT CAST(COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), 'DATABASE', 'UNMASK'), 0) AS bit) AS unmask

-- size
/* plimsoll:catalog.size table=dbo.o%27ne */
SELECT SUM(p.rows) AS rows FROM sys.partitions AS p WHERE p.index_id IN (0, 1) AND p.object_id = OBJECT_ID(N'[dbo].[o''ne]')

-- where
/* plimsoll:where.try table=dbo.it%5Dems where=a%20%3E%201%20--%20one%0AOR%20b%20%3D%20%27x%27 */
SELECT TOP (1) x.error, x.message FROM (SELECT d.error_number AS error, d.error_message AS message FROM sys.dm_exec_describe_first_result_set(N'SELECT 1 AS one FROM [dbo].[it]]ems] AS t WHERE (a > 1 -- one
OR b = ''x''
)', NULL, 0) AS d UNION ALL SELECT d.error_number AS error, d.error_message AS message FROM sys.dm_exec_describe_first_result_set(N'SELECT 1 AS one FROM [dbo].[it]]ems] AS t WHERE a > 1 -- one
OR b = ''x''
', NULL, 0) AS d) AS x ORDER BY x.error DESC
