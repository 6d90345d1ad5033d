-- among
/* plimsoll:rows table=dbo.it%5Dems key=g,code columns=g:plain,code:text,v:plain rows=among where=v%20%3E%200 */
SELECT t.[g], CAST(CAST(t.[code] AS nvarchar(20)) AS varbinary(40)), t.[v] FROM [dbo].[it]]ems] AS t WHERE (v > 0) AND EXISTS (SELECT 1 FROM OPENJSON(@keys) WITH (k0 nvarchar(max) '$[0]', k1 nvarchar(max) '$[1]', added bit '$[2]', number bigint '$[3]') AS k WHERE t.[g] = CASE WHEN LEN(k.k0) = 36 THEN TRY_CAST(k.k0 AS uniqueidentifier) END AND t.[code] = CASE WHEN DATALENGTH(k.k1) <= 40 THEN CAST(k.k1 COLLATE Czech_CI_AS AS varchar(20)) END)

-- absent
/* plimsoll:rows table=dbo.it%5Dems key=g,code columns=:flag,g:plain,code:text,:number rows=absent where=v%20%3E%200 */
SELECT k.added, CASE WHEN LEN(k.k0) = 36 THEN TRY_CAST(k.k0 AS uniqueidentifier) END, CASE WHEN CAST(CAST(CASE WHEN DATALENGTH(k.k1) <= 40 THEN CAST(k.k1 COLLATE Czech_CI_AS AS varchar(20)) END AS nvarchar(max)) AS varbinary(max)) = CAST(k.k1 AS varbinary(max)) THEN CAST(CAST(CASE WHEN DATALENGTH(k.k1) <= 40 THEN CAST(k.k1 COLLATE Czech_CI_AS AS varchar(20)) END AS nvarchar(20)) AS varbinary(40)) END, k.number FROM OPENJSON(@keys) WITH (k0 nvarchar(max) '$[0]', k1 nvarchar(max) '$[1]', added bit '$[2]', number bigint '$[3]') AS k WHERE NOT EXISTS (SELECT 1 FROM [dbo].[it]]ems] AS t WHERE t.[g] = CASE WHEN LEN(k.k0) = 36 THEN TRY_CAST(k.k0 AS uniqueidentifier) END AND t.[code] = CASE WHEN DATALENGTH(k.k1) <= 40 THEN CAST(k.k1 COLLATE Czech_CI_AS AS varchar(20)) END AND CAST(CAST(t.[code] AS nvarchar(max)) AS varbinary(max)) = CAST(k.k1 AS varbinary(max)) AND (v > 0))

-- given
/* plimsoll:rows table=dbo.it%5Dems key=g,code columns=g:plain,code:text,:number rows=given where=v%20%3E%200 */
SELECT CASE WHEN LEN(k.k0) = 36 THEN TRY_CAST(k.k0 AS uniqueidentifier) END, CASE WHEN CAST(CAST(CASE WHEN DATALENGTH(k.k1) <= 40 THEN CAST(k.k1 COLLATE Czech_CI_AS AS varchar(20)) END AS nvarchar(max)) AS varbinary(max)) = CAST(k.k1 AS varbinary(max)) THEN CAST(CAST(CASE WHEN DATALENGTH(k.k1) <= 40 THEN CAST(k.k1 COLLATE Czech_CI_AS AS varchar(20)) END AS nvarchar(20)) AS varbinary(40)) END, k.number FROM OPENJSON(@keys) WITH (k0 nvarchar(max) '$[0]', k1 nvarchar(max) '$[1]', added bit '$[2]', number bigint '$[3]') AS k

-- behind a key
/* plimsoll:rows table=dbo.it%5Dems key=g,code columns=g:plain,code:text rows=within after=0E984725-C51C-4BF4-9960-E1C80E27ABA0,%C5%99 where=v%20%3E%200 */
SELECT t.[g], CAST(CAST(t.[code] AS nvarchar(20)) AS varbinary(40)) FROM [dbo].[it]]ems] AS t WHERE (v > 0) AND t.[g] >= CAST(N'0E984725-C51C-4BF4-9960-E1C80E27ABA0' AS uniqueidentifier) AND ((t.[g] > CAST(N'0E984725-C51C-4BF4-9960-E1C80E27ABA0' AS uniqueidentifier)) OR (t.[g] = CAST(N'0E984725-C51C-4BF4-9960-E1C80E27ABA0' AS uniqueidentifier) AND t.[code] > CAST(N'ř' COLLATE Czech_CI_AS AS varchar(20))))

-- the end of a stretch
/* plimsoll:key.stretch table=dbo.it%5Dems key=g,code columns=g:plain,code:text after=0E984725-C51C-4BF4-9960-E1C80E27ABA0,%C5%99 rows=1 where=v%20%3E%200 */
SELECT t.[g], CAST(CAST(t.[code] AS nvarchar(20)) AS varbinary(40)) FROM [dbo].[it]]ems] AS t WHERE (v > 0) AND t.[g] >= CAST(N'0E984725-C51C-4BF4-9960-E1C80E27ABA0' AS uniqueidentifier) AND ((t.[g] > CAST(N'0E984725-C51C-4BF4-9960-E1C80E27ABA0' AS uniqueidentifier)) OR (t.[g] = CAST(N'0E984725-C51C-4BF4-9960-E1C80E27ABA0' AS uniqueidentifier) AND t.[code] > CAST(N'ř' COLLATE Czech_CI_AS AS varchar(20)))) ORDER BY t.[g], t.[code] OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY

-- keys that are there twice
/* plimsoll:key.repeated table=dbo.it%5Dems key=g,code where=v%20%3E%200 */
SELECT COUNT_BIG(*) AS keys, SUM(g.n) AS rows FROM (SELECT COUNT_BIG(*) AS n FROM [dbo].[it]]ems] AS t WHERE (v > 0) GROUP BY t.[g], CAST(t.[code] AS varbinary(8000)) HAVING COUNT_BIG(*) > 1) AS g
