-- table demo.app.events: id INT64, at DATE, v STRING
-- table demo.app_staging.events__RUN: _plimsoll_op STRING, id INT64, at DATE, v STRING
MERGE `demo.app.events` AS T
USING `demo.app_staging.events__RUN` AS S
ON T.`id` = S.`id` AND T.`at` = S.`at`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v`) THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `at`, `v`) VALUES (S.`id`, S.`at`, S.`v`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
