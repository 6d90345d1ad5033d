-- table demo.app.part: id INT64, v STRING, brand STRING, doc JSON, price BIGNUMERIC, is_deleted BOOL, deleted_at TIMESTAMP
-- table demo.app_staging.part__RUN: _plimsoll_op STRING, id INT64, v STRING, brand STRING, doc JSON, price BIGNUMERIC
MERGE `demo.app.part` AS T
USING `demo.app_staging.part__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`v` = S.`v`, T.`brand` = S.`brand`, T.`doc` = S.`doc`, T.`price` = S.`price`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `brand`, `doc`, `price`, `is_deleted`) VALUES (S.`id`, S.`v`, S.`brand`, S.`doc`, S.`price`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
