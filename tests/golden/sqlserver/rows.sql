-- all
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,code:text,b:plain,t1:plain,n:plain,m:decimal,sm:decimal,f8:plain,f4:plain,d:plain,tm:plain,sdt:plain,dt:plain,dt2:plain,dto:plain,spoken:offset,c:text,v8:text,vm:text,nc:text,nv:text,nm:text,tx:text,nt:text,g:plain,bin:plain,bm:bytes,im:bytes,x:text,sv:variant,h:spoken,geo:shape,email:hash,:long rows=all where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], CAST(CAST(t.[code] AS nvarchar(20)) AS varbinary(40)), t.[b], t.[t1], t.[n], CAST(t.[m] AS decimal(19,4)), CAST(t.[sm] AS decimal(10,4)), t.[f8], t.[f4], t.[d], t.[tm], t.[sdt], t.[dt], t.[dt2], t.[dto], CAST(CONVERT(nvarchar(40), t.[spoken], 121) AS varbinary(80)), CAST(CAST(t.[c] AS nvarchar(8)) AS varbinary(16)), CAST(CAST(t.[v8] AS nvarchar(max)) AS varbinary(max)), CASE WHEN DATALENGTH(t.[vm]) <= 100000000 THEN CAST(CAST(t.[vm] AS nvarchar(max)) AS varbinary(max)) END, CAST(t.[nc] AS varbinary(20)), CAST(t.[nv] AS varbinary(120)), CASE WHEN DATALENGTH(t.[nm]) <= 100000000 THEN CAST(t.[nm] AS varbinary(max)) END, CASE WHEN DATALENGTH(t.[tx]) <= 100000000 THEN CAST(CAST(t.[tx] AS nvarchar(max)) AS varbinary(max)) END, CASE WHEN DATALENGTH(t.[nt]) <= 100000000 THEN CAST(CAST(t.[nt] AS nvarchar(max)) AS varbinary(max)) END, t.[g], t.[bin], CASE WHEN DATALENGTH(t.[bm]) <= 100000000 THEN CAST(t.[bm] AS varbinary(max)) END, CASE WHEN DATALENGTH(t.[im]) <= 100000000 THEN CAST(t.[im] AS varbinary(max)) END, CASE WHEN DATALENGTH(t.[x]) <= 100000000 THEN CAST(CAST(t.[x] AS nvarchar(max)) AS varbinary(max)) END, CAST(CASE CAST(SQL_VARIANT_PROPERTY(t.[sv], 'BaseType') AS nvarchar(128)) WHEN N'date' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS date), 121) WHEN N'time' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS time(7)), 121) WHEN N'datetime' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS datetime), 121) WHEN N'smalldatetime' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS smalldatetime), 121) WHEN N'datetime2' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS datetime2(7)), 121) WHEN N'datetimeoffset' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS datetimeoffset(7)), 121) WHEN N'money' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS money), 2) WHEN N'smallmoney' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS smallmoney), 2) WHEN N'float' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS float), 3) WHEN N'real' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS real), 3) WHEN N'binary' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS varbinary(8000)), 1) WHEN N'varbinary' THEN CONVERT(nvarchar(max), CAST(t.[sv] AS varbinary(8000)), 1) ELSE CAST(t.[sv] AS nvarchar(max)) END AS varbinary(max)), CAST(CAST(t.[h].ToString() AS nvarchar(max)) AS varbinary(max)), CASE WHEN DATALENGTH(t.[geo]) <= 100000000 THEN CAST(CAST(t.[geo].AsTextZM() AS nvarchar(max)) AS varbinary(max)) END, CAST(LOWER(CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @salt + CAST(t.[email] AS nvarchar(max))), 2)) AS varbinary(128)), NULLIF(CONCAT(N'', CASE WHEN DATALENGTH(t.[vm]) > 100000000 THEN N'18,' END, CASE WHEN DATALENGTH(t.[nm]) > 100000000 THEN N'21,' END, CASE WHEN DATALENGTH(t.[tx]) > 100000000 THEN N'22,' END, CASE WHEN DATALENGTH(t.[nt]) > 100000000 THEN N'23,' END, CASE WHEN DATALENGTH(t.[bm]) > 100000000 THEN N'26,' END, CASE WHEN DATALENGTH(t.[im]) > 100000000 THEN N'27,' END, CASE WHEN DATALENGTH(t.[x]) > 100000000 THEN N'28,' END, CASE WHEN DATALENGTH(t.[geo]) > 100000000 THEN N'31,' END), N'') FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x')

-- tried
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=all top=0 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT TOP (0) t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x')

-- count
/* plimsoll:rows table=dbo.it%5Dems key=id columns=:count rows=all where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT COUNT_BIG(*) FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x')

-- some
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=some top=20 order=key where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT TOP (20) t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') ORDER BY t.[id]

-- a stretch
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=within after=10 until=20 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND t.[id] > 10 AND t.[id] <= 20

-- the stretches before
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=before after=10 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND t.[id] <= 10

-- the end of a stretch
/* plimsoll:key.stretch table=dbo.it%5Dems key=id columns=id:plain after=10 rows=5000 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND t.[id] > 10 AND t.[id] <= 20 ORDER BY t.[id] OFFSET 4999 ROWS FETCH NEXT 1 ROWS ONLY

-- keys that are there twice
/* plimsoll:key.repeated table=dbo.it%5Dems key=id where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT COUNT_BIG(*) AS keys, SUM(g.n) AS rows FROM (SELECT COUNT_BIG(*) AS n FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') GROUP BY t.[id] HAVING COUNT_BIG(*) > 1) AS g

-- new columns with a value
/* plimsoll:rows.filled table=dbo.it%5Dems columns=n,m where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT TOP (1) 1 AS found FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND (t.[n] IS NOT NULL OR t.[m] IS NOT NULL)
