-- table demo.app.keyed: id INT64, _plimsoll_synced_at TIMESTAMP, _plimsoll_run STRING
-- table demo.app_staging.keyed__RUN: _plimsoll_op STRING, id INT64
MERGE `demo.app.keyed` AS T
USING `demo.app_staging.keyed__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `_plimsoll_synced_at`, `_plimsoll_run`) VALUES (S.`id`, CURRENT_TIMESTAMP(), 'RUN')
WHEN NOT MATCHED BY SOURCE THEN DELETE
