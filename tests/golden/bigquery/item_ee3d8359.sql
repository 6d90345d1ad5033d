-- table demo.app.item: id INT64, a STRING, n NUMERIC, at TIMESTAMP, doc JSON, is_deleted BOOL, deleted_at TIMESTAMP
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, a STRING, n NUMERIC, at TIMESTAMP, doc JSON
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`a` = S.`a`, T.`n` = S.`n`, T.`at` = S.`at`, T.`doc` = S.`doc`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `a`, `n`, `at`, `doc`, `is_deleted`) VALUES (S.`id`, S.`a`, S.`n`, S.`at`, S.`doc`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
