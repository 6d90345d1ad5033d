-- table demo.app.big: id INT64, at TIMESTAMP
-- table demo.app_staging.big__RUN: _plimsoll_op STRING, id INT64, at TIMESTAMP
MERGE `demo.app.big` AS T
USING `demo.app_staging.big__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND (T.`at` IS DISTINCT FROM S.`at`) THEN UPDATE SET T.`at` = S.`at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `at`) VALUES (S.`id`, S.`at`)
