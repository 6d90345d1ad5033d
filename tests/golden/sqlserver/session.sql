-- settings
/* plimsoll:session.settings */
SET NOCOUNT ON; SET XACT_ABORT ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET NUMERIC_ROUNDABORT OFF; SET TEXTSIZE 2147483647; SET LOCK_TIMEOUT 30000; SET DEADLOCK_PRIORITY LOW; SET DATEFORMAT ymd

-- facts
/* plimsoll:session.facts */
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS version, CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS edition, CAST(SERVERPROPERTY('EngineEdition') AS int) AS engine, d.name AS [database], USER_NAME() AS [user], CAST(d.compatibility_level AS int) AS compatibility, CAST(d.snapshot_isolation_state AS int) AS snapshot_state, d.is_read_committed_snapshot_on AS rcsi, CAST(DATABASEPROPERTYEX(d.name, 'Updateability') AS nvarchar(128)) AS updateability, CAST(CASE WHEN c.database_id IS NULL THEN 0 ELSE 1 END AS bit) AS tracking, CAST(c.retention_period AS bigint) * CASE c.retention_period_units WHEN 1 THEN 1 WHEN 2 THEN 60 ELSE 1440 END AS retention_minutes, CAST(c.is_auto_cleanup_on AS bit) AS auto_cleanup, CAST(CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1 OR HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER PERFORMANCE STATE') = 1 OR (CAST(SERVERPROPERTY('EngineEdition') AS int) = 5 AND HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'VIEW DATABASE STATE') = 1) THEN 1 ELSE 0 END AS bit) AS sees_transactions, CAST(CASE WHEN HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'VIEW DEFINITION') = 1 OR HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'ALTER ANY SECURITY POLICY') = 1 THEN 1 ELSE 0 END AS bit) AS sees_policies FROM sys.databases AS d LEFT JOIN sys.change_tracking_databases AS c ON c.database_id = DB_ID() WHERE d.name = DB_NAME()

-- where it stands
/* plimsoll:moment transactions=1 tracking=1 */
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SELECT CHANGE_TRACKING_CURRENT_VERSION() AS ct_version, MIN_ACTIVE_ROWVERSION() AS rowversion_floor, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS now, (SELECT CONVERT(nvarchar(33), DATEADD(MINUTE, -(SELECT COALESCE(MAX(o.before), DATEPART(TZOFFSET, SYSDATETIMEOFFSET())) FROM (SELECT DATEPART(TZOFFSET, SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE z.name) AS now, DATEPART(TZOFFSET, DATEADD(DAY, -7, SYSUTCDATETIME()) AT TIME ZONE 'UTC' AT TIME ZONE z.name) AS before FROM sys.time_zone_info AS z) AS o WHERE o.now = DATEPART(TZOFFSET, SYSDATETIMEOFFSET()) AND o.before > o.now), CAST(MIN(x.database_transaction_begin_time) AS datetime2(7))), 126) FROM sys.dm_tran_database_transactions AS x WHERE x.database_id = DB_ID() AND x.database_transaction_type = 1) AS oldest_open, CONVERT(nvarchar(36), d.service_broker_guid) AS broker, CONVERT(nvarchar(33), d.create_date, 126) AS created, (SELECT CONVERT(nvarchar(36), r.recovery_fork_guid) FROM sys.database_recovery_status AS r WHERE r.database_id = DB_ID()) AS fork FROM sys.databases AS d WHERE d.name = DB_NAME()

-- where it stands, in Azure and without the right
/* plimsoll:moment tracking=1 */
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SELECT CHANGE_TRACKING_CURRENT_VERSION() AS ct_version, MIN_ACTIVE_ROWVERSION() AS rowversion_floor, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS now, CAST(NULL AS nvarchar(33)) AS oldest_open, CONVERT(nvarchar(36), d.service_broker_guid) AS broker, CONVERT(nvarchar(33), d.create_date, 126) AS created, CAST(NULL AS nvarchar(36)) AS fork FROM sys.databases AS d WHERE d.name = DB_NAME()

-- where it stands, on a readable secondary
/* plimsoll:moment */
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SELECT CAST(NULL AS bigint) AS ct_version, MIN_ACTIVE_ROWVERSION() AS rowversion_floor, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS now, CAST(NULL AS nvarchar(33)) AS oldest_open, CONVERT(nvarchar(36), d.service_broker_guid) AS broker, CONVERT(nvarchar(33), d.create_date, 126) AS created, (SELECT CONVERT(nvarchar(36), r.recovery_fork_guid) FROM sys.database_recovery_status AS r WHERE r.database_id = DB_ID()) AS fork FROM sys.databases AS d WHERE d.name = DB_NAME()

-- begin
/* plimsoll:snapshot.begin level=snapshot */
SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION; SELECT CURRENT_TRANSACTION_ID() AS transaction_id

-- begin, without snapshots
/* plimsoll:snapshot.begin level=committed */
SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION; SELECT CURRENT_TRANSACTION_ID() AS transaction_id

-- guard
/* plimsoll:snapshot.guard */
SELECT CURRENT_TRANSACTION_ID() AS transaction_id, XACT_STATE() AS state

-- end
/* plimsoll:snapshot.end */
SELECT CURRENT_TRANSACTION_ID() AS transaction_id, XACT_STATE() AS state; IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED
