-- table demo.app.rate: _plimsoll_row STRING, _plimsoll_copy INT64, city STRING, price NUMERIC, is_deleted BOOL, deleted_at TIMESTAMP, late INT64
-- table demo.app_staging.rate__RUN: _plimsoll_op STRING, _plimsoll_row STRING, _plimsoll_copy INT64, city STRING, price NUMERIC, late INT64
MERGE `demo.app.rate` AS T
USING `demo.app_staging.rate__RUN` AS S
ON T.`_plimsoll_row` = S.`_plimsoll_row` AND T.`_plimsoll_copy` = S.`_plimsoll_copy`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`city` = S.`city`, T.`price` = S.`price`, T.`late` = S.`late`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`_plimsoll_row`, `_plimsoll_copy`, `city`, `price`, `late`, `is_deleted`) VALUES (S.`_plimsoll_row`, S.`_plimsoll_copy`, S.`city`, S.`price`, S.`late`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
