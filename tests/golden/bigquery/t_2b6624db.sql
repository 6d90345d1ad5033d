-- table demo.app.t: k STRING, n NUMERIC, b BOOL, i INT64, f FLOAT64, f4 FLOAT64, m NUMERIC, s STRING, bin BYTES, d DATE, tm TIME, ts DATETIME, tz TIMESTAMP, jb JSON, a JSON, u STRING, is_deleted BOOL, deleted_at TIMESTAMP
-- table demo.app_staging.t__RUN: _plimsoll_op STRING, k STRING, n NUMERIC, b BOOL, i INT64, f FLOAT64, f4 FLOAT64, m NUMERIC, s STRING, bin BYTES, d DATE, tm TIME, ts DATETIME, tz TIMESTAMP, jb JSON, a JSON, u STRING
MERGE `demo.app.t` AS T
USING `demo.app_staging.t__RUN` AS S
ON T.`k` = S.`k` AND T.`n` = S.`n`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`b` = S.`b`, T.`i` = S.`i`, T.`f` = S.`f`, T.`f4` = S.`f4`, T.`m` = S.`m`, T.`s` = S.`s`, T.`bin` = S.`bin`, T.`d` = S.`d`, T.`tm` = S.`tm`, T.`ts` = S.`ts`, T.`tz` = S.`tz`, T.`jb` = S.`jb`, T.`a` = S.`a`, T.`u` = S.`u`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `n`, `b`, `i`, `f`, `f4`, `m`, `s`, `bin`, `d`, `tm`, `ts`, `tz`, `jb`, `a`, `u`, `is_deleted`) VALUES (S.`k`, S.`n`, S.`b`, S.`i`, S.`f`, S.`f4`, S.`m`, S.`s`, S.`bin`, S.`d`, S.`tm`, S.`ts`, S.`tz`, S.`jb`, S.`a`, S.`u`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
