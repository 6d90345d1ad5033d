-- table demo.app.orders: id INT64, note STRING, amount NUMERIC, updated_at TIMESTAMP, deleted_at TIMESTAMP, is_deleted BOOL
-- table demo.app_staging.orders__RUN: _plimsoll_op STRING, id INT64, note STRING, amount NUMERIC, updated_at TIMESTAMP
MERGE `demo.app.orders` AS T
USING `demo.app_staging.orders__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`note` = S.`note`, T.`amount` = S.`amount`, T.`updated_at` = S.`updated_at`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP)
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `amount`, `updated_at`, `is_deleted`) VALUES (S.`id`, S.`note`, S.`amount`, S.`updated_at`, FALSE)
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00')
