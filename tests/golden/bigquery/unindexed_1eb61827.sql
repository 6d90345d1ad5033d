-- table demo.app.unindexed: id INT64, updated_at TIMESTAMP
-- table demo.app_staging.unindexed__RUN: _plimsoll_op STRING, id INT64, updated_at TIMESTAMP
MERGE `demo.app.unindexed` AS T
USING `demo.app_staging.unindexed__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`updated_at` = S.`updated_at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `updated_at`) VALUES (S.`id`, S.`updated_at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
