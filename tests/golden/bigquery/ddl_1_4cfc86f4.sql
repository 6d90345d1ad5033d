-- table demo.app.ddl_1: id INT64, v STRING, n NUMERIC
-- table demo.app_staging.ddl_1__RUN: _plimsoll_op STRING, id INT64, v STRING, n NUMERIC
MERGE `demo.app.ddl_1` AS T
USING `demo.app_staging.ddl_1__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`v` = S.`v`, T.`n` = S.`n`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `n`) VALUES (S.`id`, S.`v`, S.`n`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
