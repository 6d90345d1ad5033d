-- table demo.app.keyed: id INT64, _plimsoll_synced_at TIMESTAMP, _plimsoll_run STRING
-- table demo.app_staging.keyed__RUN: _plimsoll_op STRING, id INT64
MERGE `demo.app.keyed` AS T
USING `demo.app_staging.keyed__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`_plimsoll_synced_at` = CURRENT_TIMESTAMP(), T.`_plimsoll_run` = 'RUN'
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `_plimsoll_synced_at`, `_plimsoll_run`) VALUES (S.`id`, CURRENT_TIMESTAMP(), 'RUN')
