-- table demo.app.notes: id INT64, note STRING, updated_at TIMESTAMP
-- table demo.app_staging.notes__RUN: _plimsoll_op STRING, id INT64, note STRING, updated_at TIMESTAMP
MERGE `demo.app.notes` AS T
USING `demo.app_staging.notes__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`note` = S.`note`, T.`updated_at` = S.`updated_at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `updated_at`) VALUES (S.`id`, S.`note`, S.`updated_at`)
