-- table demo.app.big: id STRING, v STRING, at TIMESTAMP
-- table demo.app_staging.big__RUN: _plimsoll_op STRING, id STRING, v STRING, at TIMESTAMP
MERGE `demo.app.big` AS T
USING `demo.app_staging.big__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v` OR T.`at` IS DISTINCT FROM S.`at`) THEN UPDATE SET T.`v` = S.`v`, T.`at` = S.`at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `at`) VALUES (S.`id`, S.`v`, S.`at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
