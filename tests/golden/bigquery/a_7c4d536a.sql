-- table demo.app.a: id INT64, u STRING, v STRING, w INT64
-- table demo.app_staging.a__RUN: _plimsoll_op STRING, id INT64, u STRING, v STRING, w INT64
MERGE `demo.app.a` AS T
USING `demo.app_staging.a__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`u` = S.`u`, T.`v` = S.`v`, T.`w` = S.`w`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `u`, `v`, `w`) VALUES (S.`id`, S.`u`, S.`v`, S.`w`)
