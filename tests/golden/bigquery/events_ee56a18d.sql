-- table demo.app.events: id INT64, day DATE, note STRING, updated_at TIMESTAMP
-- table demo.app_staging.events__RUN: _plimsoll_op STRING, id INT64, day DATE, note STRING, updated_at TIMESTAMP
MERGE `demo.app.events` AS T
USING `demo.app_staging.events__RUN` AS S
ON T.`id` = S.`id` AND T.`day` = S.`day` AND T.`id` BETWEEN 1 AND 9 AND T.`day` BETWEEN DATE '2026-01-01' AND DATE '2026-01-09'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`note` = S.`note`, T.`updated_at` = S.`updated_at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `day`, `note`, `updated_at`) VALUES (S.`id`, S.`day`, S.`note`, S.`updated_at`)
