-- tracked
/* plimsoll:ct.tables tables=dbo.it%5Dems,x.y */
SELECT s.name AS [schema], o.name, o.object_id, CHANGE_TRACKING_MIN_VALID_VERSION(o.object_id) AS min_valid, c.begin_version AS [begin], CONVERT(nvarchar(33), o.modify_date, 126) AS modified FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id LEFT JOIN sys.change_tracking_tables AS c ON c.object_id = o.object_id WHERE o.object_id IN (OBJECT_ID(N'[dbo].[it]]ems]'), OBJECT_ID(N'[x].[y]'))

-- list
/* plimsoll:ct.spool table=dbo.it%5Dems since=0 key=g,code number=0 */
IF OBJECT_ID(N'tempdb..#plimsoll_changes_0') IS NOT NULL DROP TABLE #plimsoll_changes_0; CREATE TABLE #plimsoll_changes_0 (n bigint IDENTITY(1, 1) PRIMARY KEY, k0 uniqueidentifier NOT NULL, k1 varchar(20) COLLATE Czech_CI_AS NOT NULL); INSERT INTO #plimsoll_changes_0 (k0, k1) SELECT c.[g], c.[code] FROM CHANGETABLE(CHANGES [dbo].[it]]ems], 0) AS c ORDER BY c.[g], c.[code] OPTION (RECOMPILE); DECLARE @rows bigint = ROWCOUNT_BIG(); IF @rows = 0 DROP TABLE #plimsoll_changes_0; SELECT @rows AS rows, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'[dbo].[it]]ems]')) AS min_valid

-- fetch
/* plimsoll:ct.fetch number=1 columns=g:plain,code:text after=4096 top=4096 */
SELECT TOP (4096) t.k0, CAST(CAST(t.k1 AS nvarchar(20)) AS varbinary(40)) FROM #plimsoll_changes_1 AS t WHERE t.n > 4096 ORDER BY t.n

-- close
/* plimsoll:ct.close number=1 */
IF OBJECT_ID(N'tempdb..#plimsoll_changes_1') IS NOT NULL DROP TABLE #plimsoll_changes_1;
