-- changed
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,at:plain,seq:plain,rv:plain rows=changed since=rowversion%3Arv%3A00000000000007D1 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], t.[at], t.[seq], t.[rv] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND t.[rv] >= 0x00000000000007D1

-- unchanged
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,at:plain,seq:plain,rv:plain rows=unchanged since=rowversion%3Arv%3A00000000000007D1 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], t.[at], t.[seq], t.[rv] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND CASE WHEN t.[rv] >= 0x00000000000007D1 THEN 1 ELSE 0 END = 0

-- left
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=left since=rowversion%3Arv%3A00000000000007D1 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE CASE WHEN (t.b = 1 OR t.code <> 'x') THEN 1 ELSE 0 END = 0 AND t.[rv] >= 0x00000000000007D1 AND NOT EXISTS (SELECT 1 FROM (SELECT t.[id]) AS x JOIN (SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x')) AS o ON o.[id] = x.[id])

-- new columns with a value
/* plimsoll:rows.filled table=dbo.it%5Dems columns=at since=rowversion%3Arv%3A00000000000007D1 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT TOP (1) 1 AS found FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND (t.[at] IS NOT NULL) AND CASE WHEN t.[rv] >= 0x00000000000007D1 THEN 1 ELSE 0 END = 0

-- bulk
/* plimsoll:cursor.bulk table=dbo.it%5Dems column=rv rows=1000 */
SELECT CAST(t.[rv] AS bigint) AS value FROM [dbo].[it]]ems] AS t WHERE t.[rv] IS NOT NULL ORDER BY t.[rv] DESC OFFSET 999 ROWS FETCH NEXT 1 ROWS ONLY

-- changed
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,at:plain,rv:plain,seq:plain rows=changed since=time%3Aat%3A2026-11-20%2021%3A32%3A59.990 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], t.[at], t.[rv], t.[seq] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND (t.[at] >= CAST(N'2026-11-20T21:32:59.990' AS datetime) OR t.[at] IS NULL)

-- unchanged
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,at:plain,rv:plain,seq:plain rows=unchanged since=time%3Aat%3A2026-11-20%2021%3A32%3A59.990 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], t.[at], t.[rv], t.[seq] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND CASE WHEN (t.[at] >= CAST(N'2026-11-20T21:32:59.990' AS datetime) OR t.[at] IS NULL) THEN 1 ELSE 0 END = 0

-- left
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=left since=time%3Aat%3A2026-11-20%2021%3A32%3A59.990 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE CASE WHEN (t.b = 1 OR t.code <> 'x') THEN 1 ELSE 0 END = 0 AND (t.[at] >= CAST(N'2026-11-20T21:32:59.990' AS datetime) OR t.[at] IS NULL) AND NOT EXISTS (SELECT 1 FROM (SELECT t.[id]) AS x JOIN (SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x')) AS o ON o.[id] = x.[id])

-- new columns with a value
/* plimsoll:rows.filled table=dbo.it%5Dems columns=at since=time%3Aat%3A2026-11-20%2021%3A32%3A59.990 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT TOP (1) 1 AS found FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND (t.[at] IS NOT NULL) AND CASE WHEN (t.[at] >= CAST(N'2026-11-20T21:32:59.990' AS datetime) OR t.[at] IS NULL) THEN 1 ELSE 0 END = 0

-- bulk
/* plimsoll:cursor.bulk table=dbo.it%5Dems column=at rows=1000 */
SELECT t.[at] AS value FROM [dbo].[it]]ems] AS t WHERE t.[at] IS NOT NULL ORDER BY t.[at] DESC OFFSET 999 ROWS FETCH NEXT 1 ROWS ONLY

-- changed
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,at:plain,rv:plain,seq:plain rows=changed since=time%3Aseq%3A60000 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], t.[at], t.[rv], t.[seq] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND t.[seq] >= 60000

-- unchanged
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain,at:plain,rv:plain,seq:plain rows=unchanged since=time%3Aseq%3A60000 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id], t.[at], t.[rv], t.[seq] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND CASE WHEN t.[seq] >= 60000 THEN 1 ELSE 0 END = 0

-- left
/* plimsoll:rows table=dbo.it%5Dems key=id columns=id:plain rows=left since=time%3Aseq%3A60000 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE CASE WHEN (t.b = 1 OR t.code <> 'x') THEN 1 ELSE 0 END = 0 AND t.[seq] >= 60000 AND NOT EXISTS (SELECT 1 FROM (SELECT t.[id]) AS x JOIN (SELECT t.[id] FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x')) AS o ON o.[id] = x.[id])

-- new columns with a value
/* plimsoll:rows.filled table=dbo.it%5Dems columns=at since=time%3Aseq%3A60000 where=t.b%20%3D%201%20OR%20t.code%20%3C%3E%20%27x%27 */
SELECT TOP (1) 1 AS found FROM [dbo].[it]]ems] AS t WHERE (t.b = 1 OR t.code <> 'x') AND (t.[at] IS NOT NULL) AND CASE WHEN t.[seq] >= 60000 THEN 1 ELSE 0 END = 0

-- bulk
/* plimsoll:cursor.bulk table=dbo.it%5Dems column=seq rows=1000 */
SELECT CAST(t.[seq] AS bigint) AS value FROM [dbo].[it]]ems] AS t WHERE t.[seq] IS NOT NULL ORDER BY t.[seq] DESC OFFSET 999 ROWS FETCH NEXT 1 ROWS ONLY
