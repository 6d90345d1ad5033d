-- table demo.app.pt: id INT64, r STRING, v INT64, at TIMESTAMP
-- table demo.app_staging.pt__RUN: _plimsoll_op STRING, id INT64, r STRING, v INT64, at TIMESTAMP
MERGE `demo.app.pt` AS T
USING `demo.app_staging.pt__RUN` AS S
ON T.`id` = S.`id` AND T.`r` = S.`r`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`v` IS DISTINCT FROM S.`v` OR T.`at` IS DISTINCT FROM S.`at`) THEN UPDATE SET T.`v` = S.`v`, T.`at` = S.`at`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `r`, `v`, `at`) VALUES (S.`id`, S.`r`, S.`v`, S.`at`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
