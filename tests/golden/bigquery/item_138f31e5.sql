-- table demo.app.item: id INT64, v STRING, is_deleted BOOL, deleted_at TIMESTAMP, _plimsoll_synced_at TIMESTAMP, _plimsoll_run STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, v STRING
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN UPDATE SET T.`is_deleted` = TRUE, T.`deleted_at` = COALESCE(T.`deleted_at`, TIMESTAMP '2026-01-01 00:00:00.000000+00'), T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`is_deleted` = FALSE, T.`deleted_at` = CAST(NULL AS TIMESTAMP), T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `is_deleted`, `_plimsoll_synced_at`, `_plimsoll_run`) VALUES (S.`id`, S.`v`, FALSE, CURRENT_TIMESTAMP(), 'RUN')
