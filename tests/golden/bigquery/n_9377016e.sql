-- table demo.app.n: a INT64, b INT64, is_deleted BOOL, deleted_at TIMESTAMP
-- table demo.app_staging.n__RUN: _plimsoll_op STRING, a INT64, b INT64
MERGE `demo.app.n` AS T
USING `demo.app_staging.n__RUN` AS S
ON T.`a` = S.`a`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`b` = S.`b`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`a`, `b`, `is_deleted`) VALUES (S.`a`, S.`b`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
