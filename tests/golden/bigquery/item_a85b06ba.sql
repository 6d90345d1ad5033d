-- table demo.app.item: id INT64, v STRING, is_deleted BOOL, deleted_at TIMESTAMP, _plimsoll_synced_at TIMESTAMP, _plimsoll_run STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, v STRING
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00'), T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v` OR T.`is_deleted` IS NOT FALSE) THEN UPDATE SET T.`v` = S.`v`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP), T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `is_deleted`, `_plimsoll_synced_at`, `_plimsoll_run`) VALUES (S.`id`, S.`v`, FALSE, CURRENT_TIMESTAMP(), 'RUN')
WHEN NOT MATCHED BY SOURCE AND T.`is_deleted` IS NOT TRUE THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00'), T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
